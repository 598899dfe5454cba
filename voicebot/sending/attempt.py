"""What came of one attempt to send something, whatever the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Accepted:
    """The other side has it; ``reference`` is its own id of it, empty where it gave none."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class Unreached:
    """It has certainly not gone out, and may the next time. ``retry_after_s`` is the other side's
    wish, None where it has none."""

    problem: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nobody can tell whether it went out: no answer came, or none that says."""

    problem: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not go out, however often it is tried. ``opted_out``: the recipient wants none."""

    problem: str
    opted_out: bool = False


Attempt: TypeAlias = Accepted | Unreached | Undecided | Refused
