"""Contacts come in the shape of days and weeks."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from voicebot.traffic.calendar import DAY_S, arrivals

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = datetime(2026, 11, 23, tzinfo=BERLIN).timestamp()
"""A Monday."""


def test_all_come_in_order_within_the_days() -> None:
    found = arrivals(5000, 14, MIDNIGHT, BERLIN, Random(1))
    assert len(found) == 5000
    assert found == sorted(found)
    assert MIDNIGHT - 14 * DAY_S <= found[0] < found[-1] < MIDNIGHT


def test_mornings_are_busy_nights_and_sundays_quiet() -> None:
    found = [
        datetime.fromtimestamp(at, BERLIN)
        for at in arrivals(20_000, 28, MIDNIGHT, BERLIN, Random(1))
    ]
    hours, days = Counter(each.hour for each in found), Counter(each.weekday() for each in found)
    assert hours[10] > 10 * hours[3]
    assert hours[12] < hours[10]
    assert days[0] > 2 * days[6]
    assert days[5] > days[6]


def test_the_same_seed_makes_the_same_times() -> None:
    first, again, other = (arrivals(50, 3, MIDNIGHT, BERLIN, Random(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
