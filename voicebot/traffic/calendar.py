"""When contacts come: the shape of a day, of a week, and the unevenness of days."""

from __future__ import annotations

from datetime import datetime, tzinfo
from random import Random
from typing import Final

HOUR_S: Final = 3600.0
DAY_S: Final = 86_400.0

HOURS: Final = (
    1, 1, 0.5, 0.5, 0.5, 1, 3, 9, 20, 30, 34, 31,
    25, 27, 31, 32, 29, 25, 20, 16, 12, 8, 5, 2,
)  # fmt: skip
"""How much comes in each hour of a day: two humps around noon, a quiet night."""
DAYS: Final = (1.25, 1.05, 1.0, 1.0, 0.95, 0.6, 0.3)
"""And on each day of a week, Monday first."""
UNEVEN: Final = 0.12
"""How far a day is from its usual (standard deviation over mean)."""


def arrivals(count: int, days: int, until: float, zone: tzinfo, dice: Random) -> list[float]:
    """``count`` times in the ``days`` before ``until`` (UTC epoch seconds), in order; hours and
    days are those of ``zone``."""
    hours = [until - HOUR_S * (back + 1) for back in range(days * 24)]
    moods: dict[int, float] = {}
    weights = []
    for begin in hours:
        local = datetime.fromtimestamp(begin, zone)
        mood = moods.setdefault(local.toordinal(), max(0.4, dice.gauss(1.0, UNEVEN)))
        weights.append(HOURS[local.hour] * DAYS[local.weekday()] * mood)
    chosen = dice.choices(hours, weights, k=count)
    return sorted(begin + dice.random() * HOUR_S for begin in chosen)
