"""What is kept of one person, known by a telephone number, and the contract of who deletes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Traces:
    """How much there is (or was, when it has been deleted) of a number.

    ``calls`` are those that are over; ``going_on`` are left alone. ``recordings`` are files.
    """

    calls: int = 0
    going_on: int = 0
    turns: int = 0
    recordings: int = 0
    questions: int = 0
    conversations: int = 0
    lines: int = 0
    messages: int = 0
    callbacks: int = 0
    held_places: int = 0
    """Places in queues, for a caller who may go on in text."""
    opt_outs: int = 0
    notes: int = 0
    """What agents wrote."""
    notices: int = 0
    """What other programs are still to be told."""
    asked_calls: int = 0
    """Calls that were asked for from a page in the last day."""

    @property
    def is_empty(self) -> bool:
        return self == Traces()


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went. ``left`` says where the number still stands, for people; empty where it does
    not."""

    traces: Traces
    left: str = ""


class Forgetting(Protocol):
    """Shows and deletes what is kept of a number. Both raise UsageError for what is no number, and
    StorageError."""

    async def trace(self, number: str) -> Traces: ...

    async def forget(self, number: str) -> Forgotten: ...
