"""When a caller wants to be called back, as flows write it.

A time as `builtin:time` gives it (``0330p``, ``1530h``, ``0330?``), alone or behind a date as
`builtin:date` gives it (``20261124 0330p``), or ISO 8601 (``2026-11-24T15:30``). A time alone is
the next one on the clock on the wall; of the two that ``0330?`` may mean, the first at which the
queue is open. Pure. Left out on purpose: whether somebody can be called, and what is promised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from voicebot.acd.hours import Hours

MOST_DAYS: Final = 31
"""Further ahead nobody is promised a call."""

_TIME: Final = re.compile(r"(\d\d)(\d\d)([aph?])")
_UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class NoAppointment:
    """Nobody can be called at the time; ``closed`` where only the queue's hours are in the way, and
    then it ``opens_at`` (UTC epoch seconds, None: never)."""

    problem: str
    closed: bool = False
    opens_at: float | None = None


def appointment(written: str, now: float, hours: Hours | None) -> float | NoAppointment:
    """The moment that ``written`` means at ``now`` (UTC epoch seconds) for a queue with ``hours``
    (None: always open, and times are UTC's)."""
    zone = _UTC if hours is None else hours.zone
    try:
        meant = [at for at in _moments(written.strip(), now, zone) if at > now]
    except (ValueError, OverflowError):
        return NoAppointment("the time of the callback is none")
    if not meant:
        return NoAppointment("the time of the callback is over")
    if meant[0] > now + MOST_DAYS * 86_400:
        return NoAppointment("the time of the callback is too far ahead")
    if hours is None:
        return meant[0]
    for at in meant:
        if hours.is_open(at):
            return at
    return NoAppointment("the queue is closed then", True, hours.next_open(meant[0]))


def _moments(written: str, now: float, zone: ZoneInfo) -> list[float]:
    """What may be meant, soonest first. Raises ValueError for what is no time."""
    day_text, _, time_text = written.rpartition(" ")
    found = _TIME.fullmatch(time_text)
    if found is None:
        at = datetime.fromisoformat(written)
        return [(at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()]
    if day_text:
        days = [datetime.strptime(day_text, "%Y%m%d").date()]
    else:
        today = datetime.fromtimestamp(now, zone).date()
        days = [today, today + timedelta(days=1)]
    clocks = list(_clocks(int(found[1]), int(found[2]), found[3]))
    moments = sorted(_on_the_wall(day, clock, zone) for day in days for clock in clocks)
    return moments if day_text else [at for at in moments if at > now][: len(clocks)]


def _clocks(hour: int, minute: int, half: str) -> Iterator[time]:
    if half == "h":
        yield time(hour, minute)
        return
    if not 1 <= hour <= 12:
        raise ValueError(f"there is no hour {hour} of half a day")
    if half in "a?":
        yield time(hour % 12, minute)
    if half in "p?":
        yield time(hour % 12 + 12, minute)


def _on_the_wall(day: date, clock: time, zone: ZoneInfo) -> float:
    return datetime.combine(day, clock, zone).timestamp()
