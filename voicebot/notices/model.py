"""What is told, to whom, and what the rest of the server does for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from voicebot.events import CallEvent


class Kind(StrEnum):
    """What a notice tells of."""

    CALL_STARTED = "call.started"
    CALL_ANSWERED = "call.answered"
    CALL_ENDED = "call.ended"
    DEFLECTION_REACHED = "deflection.reached"
    QUEUE_NOTED = "queue.noted"


@dataclass(frozen=True, slots=True)
class Hook:
    """A receiver. ``personal``: telephone numbers and customers are told as they are. What is not
    taken within ``give_up_s`` is given up."""

    name: str
    url: str
    secret: str = field(repr=False)
    kinds: Collection[Kind] = frozenset(Kind)
    personal: bool = False
    give_up_s: float = 86_400.0
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Notice:
    """One fact for one receiver. ``id`` is the same however often it is made or sent; ``body`` is
    the JSON that goes out. ``created_at`` is UTC epoch seconds."""

    hook: str
    id: str
    contact: str
    kind: Kind
    body: str = field(repr=False)
    created_at: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that is kept. ``number`` grows in the order in which they were made; ``tries`` were
    in vain."""

    number: int
    notice: Notice
    tries: int


@dataclass(frozen=True, slots=True)
class Retry:
    """The notice ``number`` is to be sent again at ``due_at``, UTC epoch seconds."""

    number: int
    tries: int
    due_at: float


class Telling(Protocol):
    """Makes notices for whoever writes the facts down, in the same transaction."""

    def of(self, event: CallEvent) -> Sequence[Notice]:
        """What is to be told of ``event``; the same facts in the same order make the same."""
        ...

    def kept(self) -> None:
        """Notices were written, and will not be lost any more."""
        ...


class NoticeStore(Protocol):
    """Where notices wait. Every method raises StorageError."""

    async def due(self, hook: str, now: float, limit: int) -> Sequence[Waiting]:
        """What may be sent now, oldest first: of each contact only the oldest that waits, so that
        their order stays."""
        ...

    async def next_due_at(self, hook: str) -> float | None:
        """When the next one is due, None where none waits."""
        ...

    async def settle(self, done: Sequence[int], again: Sequence[Retry]) -> None:
        """Forget those that are ``done``; keep the others for later. All or nothing."""
        ...

    async def give_up(self, hook: str, before: float) -> int:
        """Forget those that were made ``before`` (UTC epoch seconds); gives how many."""
        ...

    async def waiting(self, hook: str) -> int:
        """How many wait."""
        ...

    async def hooks(self) -> Collection[str]:
        """The names of receivers for whom something waits."""
        ...
