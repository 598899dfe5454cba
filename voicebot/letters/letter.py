"""One notice to one receiver, and what the sending of it asks of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal, Protocol, TypeAlias

from voicebot.alerts.herald import Notice
from voicebot.alerts.model import Alert
from voicebot.sending.pauses import pause_s
from voicebot.types import Json

Channel: TypeAlias = Literal["webhook", "mail"]

KEEP_TRYING_S: Final = 6 * 3600.0
"""A notice that nobody took for so long is of no use any more."""
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Letter:
    """``body`` is what a webhook is posted; a mail says the same in words. ``id`` stays the same
    however often it is tried, so that a receiver can tell a repetition."""

    id: str
    channel: Channel
    body: Mapping[str, Json]
    created_at: float
    due_at: float
    tries: int = 0

    def due_again(self, now: float, jitter: float) -> float | None:
        """When to try again after another failure at ``now``; None: give it up. Pauses double, and
        are shortened by up to half at random (``jitter``, 0 to 1)."""
        pause = pause_s(self.tries + 1, FIRST_PAUSE_S, LONGEST_PAUSE_S, jitter)
        return now + pause if now + pause < self.created_at + KEEP_TRYING_S else None


def body_of(notice: Notice, letter_id: str, page_url: str) -> dict[str, Json]:
    """What is told: alerts raised and cleared, and how many stand."""
    return {
        "id": letter_id,
        "at": notice.at,
        "raised": [_told(each) for each in notice.raised],
        "cleared": [_told(each) for each in notice.cleared],
        "standing": notice.standing,
        "page": page_url,
    }


def _told(alert: Alert) -> Json:
    return asdict(alert)


class Sender(Protocol):
    """One way to a receiver."""

    async def send(self, letter: Letter) -> str:
        """Send it; what went wrong, empty where it was taken. Never raises, and returns within a
        bounded time."""
        ...


class LetterBook(Protocol):
    """Where letters are until they have arrived. Every method raises StorageError."""

    async def letters(self, channel: Channel) -> Sequence[Letter]:
        """Those that wait, the oldest first."""
        ...

    async def postpone(self, letter: Letter, due_at: float) -> None:
        """Another try has failed."""
        ...

    async def drop(self, letter: Letter) -> None:
        """It has arrived, or was given up."""
        ...
