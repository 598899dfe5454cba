"""What is counted of contacts: sums that may be added over any split, and the rules behind them.

A contact counts at the hour (UTC) in which it began, once it has ended, with exactly one outcome.
Nothing here is a rate: those are `analytics.measures`, made of these sums.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from operator import add, attrgetter
from typing import Final, Self, TypeVar

HOUR_S: Final = 3600
DAY_S: Final = 86_400

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Rules:
    """``repeat_days``: a contact of the same person on the same matter within so many days after
    another began is a repeat of it. ``short_s``: who leaves within so many seconds did not give up
    on us. ``target_s``: the wait that the service level promises."""

    repeat_days: int = 7
    short_s: float = 5.0
    target_s: float = 20.0

    def settled_before(self, now: float) -> int:
        """The hour (since the epoch) before which no contact can still be repeated at ``now``."""
        return int((now - self.repeat_days * DAY_S) // HOUR_S)

    @property
    def key(self) -> str:
        """Stays the same as long as what was counted by these rules holds."""
        return f"{self.repeat_days} {self.short_s!r} {self.target_s!r}"


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over contacts. The nine outcomes add up to ``contacts``; times are seconds.

    ``queued`` waited for a person, ``answered`` got one on the line, ``within`` of them in the time
    promised; ``called_back`` got one by being called back. ``waited_s`` is the wait of those
    answered, ``handled_s`` the time of both with the person and ``wrapped_s`` the work after it.
    ``known`` were answered, with a matter and a person that is
    known; ``repeats`` of them came back on the same matter; ``settled`` began the matter so long
    ago that nobody can come back in time, and ``resolved`` of these nobody did. ``undone`` are
    self-served ones that were repeated.
    """

    contacts: int = 0
    self_served: int = 0
    moved_to_text: int = 0
    transferred: int = 0
    callback_booked: int = 0
    abandoned_in_flow: int = 0
    abandoned_in_queue: int = 0
    refused: int = 0
    not_reached: int = 0
    failed: int = 0
    short_in_flow: int = 0
    short_in_queue: int = 0
    queued: int = 0
    answered: int = 0
    called_back: int = 0
    within: int = 0
    known: int = 0
    repeats: int = 0
    settled: int = 0
    resolved: int = 0
    undone: int = 0
    duration_s: float = 0.0
    waited_s: float = 0.0
    handled_s: float = 0.0
    wrapped_s: float = 0.0

    def __add__(self, other: Self) -> Self:
        return type(self)(*map(add, _values(self), _values(other)))

    @property
    def taken(self) -> int:
        """Contacts that reached the flow."""
        return self.contacts - self.refused - self.not_reached

    @property
    def helped(self) -> int:
        """Contacts that a person talked to."""
        return self.answered + self.called_back


class Fact(StrEnum):
    """What is counted of a contact as 0 or 1, besides its outcome: sums of `Totals`."""

    SHORT_IN_FLOW = "short_in_flow"
    SHORT_IN_QUEUE = "short_in_queue"
    QUEUED = "queued"
    ANSWERED = "answered"
    CALLED_BACK = "called_back"
    WITHIN = "within"
    KNOWN = "known"
    REPEATS = "repeats"
    SETTLED = "settled"
    RESOLVED = "resolved"
    UNDONE = "undone"


NAMES: Final = tuple(each.name for each in fields(Totals))
_values = attrgetter(*NAMES)


def add_to(sums: dict[_Key, Totals], key: _Key, more: Totals) -> None:
    """Add ``more`` to the sums of ``key``."""
    before = sums.get(key)
    sums[key] = more if before is None else before + more
