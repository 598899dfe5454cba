"""When a queue is open: a week of hours, holidays, and a time zone.

Hours are what the clock on the wall says (RFC 5545's floating times, in one zone): 'from nine' is
nine in summer and in winter, and the night on which the clock changes is an hour longer or shorter.
Left out on purpose: holidays that are computed (Easter); they are dates in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY_MIN = 24 * 60
_LOOK_AHEAD_DAYS = 400
"""A queue that opens on no day of these is taken to be closed for good."""


@dataclass(frozen=True, slots=True)
class Span:
    """Open from minute ``start`` up to, not including, minute ``end`` of a day.

    0 <= start < 1440 and start < end <= start + 1440: an end above 1440 lies in the next day, and
    goes with the day on which the span begins.
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hours:
    """``week`` holds the spans of each day, Monday first; ``holidays`` replace those of a date."""

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    holidays: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)

    def is_open(self, at: float) -> bool:
        """Whether the queue is open at ``at`` (UTC seconds since the epoch)."""
        local = datetime.fromtimestamp(at, self.zone)
        minute = local.hour * 60 + local.minute
        today = local.date()
        return any(span.start <= minute < span.end for span in self._spans(today)) or any(
            minute + DAY_MIN < span.end for span in self._spans(today - timedelta(days=1))
        )

    def next_open(self, at: float) -> float | None:
        """The first moment from ``at`` on at which the queue is open; None where there is none."""
        if self.is_open(at):
            return at
        today = datetime.fromtimestamp(at, self.zone).date()
        for ahead in range(_LOOK_AHEAD_DAYS):
            day = today + timedelta(days=ahead)
            starts = [
                found
                for span in self._spans(day)
                if (found := self._moment(day, span.start)) is not None and found > at
            ]
            if starts:
                return min(starts)
        return None

    def _spans(self, day: date) -> tuple[Span, ...]:
        return self.holidays.get(day, self.week[day.weekday()])

    def _moment(self, day: date, minute: int) -> float | None:
        """When the clock on the wall reaches ``minute``, or jumps over it; None where the jump
        leaps the whole span."""
        wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60)
        first = wall.replace(tzinfo=self.zone, fold=0).timestamp()
        second = wall.replace(tzinfo=self.zone, fold=1).timestamp()
        if second >= first:  # a time that exists, or that comes twice: the first one counts
            return first
        low, high = int(second), int(first)  # the jump lies between them
        while high - low > 1:
            middle = (low + high) // 2
            if datetime.fromtimestamp(middle, self.zone).replace(tzinfo=None) < wall:
                low = middle
            else:
                high = middle
        return float(high) if self.is_open(high) else None
