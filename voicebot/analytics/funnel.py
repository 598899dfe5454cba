"""Where callers go in a flow, and where they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FunnelEdge:
    """A way from a step that ``count`` calls took; ``why`` and ``label`` as `flows.graph` has
    them."""

    target: str
    why: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What came of ``turns`` at a step: how often its prompt was interrupted, not understood or
    not answered, and the time in ms in which the bot answered 95 of 100 (None where nobody waited
    for it)."""

    turns: int = 0
    barged_in: int = 0
    nomatch: int = 0
    noinput: int = 0
    slow_ms: float | None = None


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A step to which calls came ``arrived`` times. ``left`` callers hung up there unserved, or
    fell silent for good; ``answers`` is what the others did."""

    flow: str
    step: str
    file: str
    line: int
    column: int
    arrived: int
    left: int
    ways: Sequence[FunnelEdge]
    answers: Answers = Answers()

    @property
    def drop_off(self) -> float:
        """Of those who came, the share that left, 0 to 1."""
        return self.left / self.arrived
