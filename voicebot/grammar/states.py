"""The states of a compiled grammar, and the ways from one to the next."""

from __future__ import annotations

from typing import NamedTuple

GARBAGE_WEIGHT = -1.0
"""For each word that $GARBAGE takes: any reading with fewer such words is the better one."""

NOTHING = -1
"""No output, no rule."""


class WordArc(NamedTuple):
    """Read one word. ``order`` is the place among all ways out of the state as written."""

    order: int
    target: int
    weight: float
    output: int


class Move(NamedTuple):
    """Go on without reading: through ``rule`` where that is not `NOTHING`."""

    order: int
    target: int
    weight: float
    output: int
    rule: int
    label: str


class State:
    """One state. ``any_word`` is the target of any word at all ($GARBAGE), or `NOTHING`."""

    __slots__ = ("any_word", "final", "moves", "words")

    def __init__(self) -> None:
        self.words: dict[str, list[WordArc]] = {}
        self.moves: list[Move] = []
        self.any_word = NOTHING
        self.final = False
