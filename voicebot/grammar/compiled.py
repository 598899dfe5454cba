"""What the compiler makes: one table of states for all rules, plain data that can be pickled.

`network` (for the decoder), `matcher` (for words) and `sampler` run on it. States of a rule belong
to that rule alone; its last state is `State.final` and has no way out. Weights are natural
logarithms, 0 or less.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from voicebot.grammar.ast import Grammar, Position, Tag, Token

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


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """``document`` is the index of the document that holds it."""

    name: str
    document: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class CompiledGrammar:
    """A grammar that is ready to be matched. Not to be changed; equal when ``key`` is equal.

    ``shortest`` gives for each state the least number of words to the end of its rule
    (`shortest.NEVER` for no way there).
    """

    key: str
    documents: tuple[Grammar, ...]
    roots: tuple[int, ...]
    rules: tuple[CompiledRule, ...]
    states: list[State]
    outputs: tuple[Token | Tag, ...]
    shortest: list[int]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CompiledGrammar) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __reduce__(self) -> tuple[Callable[..., CompiledGrammar], tuple[object, ...]]:
        """Pickle as plain tuples: a large grammar has a hundred thousand small objects."""
        outputs = [
            (isinstance(output, Tag), output.text, output.at.line, output.at.column)
            for output in self.outputs
        ]
        states = [
            (
                {word: [tuple(arc) for arc in arcs] for word, arcs in state.words.items()},
                [tuple(move) for move in state.moves],
                state.any_word,
                state.final,
            )
            for state in self.states
        ]
        parts = (self.key, self.documents, self.roots, self.rules, states, outputs, self.shortest)
        return _unpickle, parts

    @property
    def main(self) -> Grammar:
        """The header of the main document (`ast.Grammar` without its rules)."""
        return self.documents[0]


def _unpickle(
    key: str,
    documents: tuple[Grammar, ...],
    roots: tuple[int, ...],
    rules: tuple[CompiledRule, ...],
    states: list[Any],
    outputs: list[tuple[bool, str, int, int]],
    shortest: list[int],
) -> CompiledGrammar:
    kept: list[Token | Tag] = [
        (Tag if is_tag else Token)(text, Position(line, column))
        for is_tag, text, line, column in outputs
    ]
    return CompiledGrammar(
        key, documents, roots, rules, [_state(*parts) for parts in states], tuple(kept), shortest
    )


def _state(words: dict[str, list[Any]], moves: list[Any], any_word: int, final: bool) -> State:
    state = State()
    state.words = {word: [WordArc(*arc) for arc in arcs] for word, arcs in words.items()}
    state.moves = [Move(*move) for move in moves]
    state.any_word = any_word
    state.final = final
    return state
