"""The time at which a caller wants to be called back."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from voicebot.acd.hours import Hours, Span
from voicebot.queues.appointments import NoAppointment, appointment

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAY = (Span(9 * 60, 17 * 60),)
OFFICE = Hours(BERLIN, (*(WEEKDAY,) * 5, (), ()))


def at(written: str) -> float:
    return datetime.fromisoformat(written).replace(tzinfo=BERLIN).timestamp()


MONDAY_13 = at("2026-11-23T13:00")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1530h", "2026-11-23T15:30"),
        ("0330p", "2026-11-23T15:30"),
        ("0330?", "2026-11-23T15:30"),
        ("1000a", "2026-11-24T10:00"),
        ("1000?", "2026-11-24T10:00"),
        ("1200?", "2026-11-24T12:00"),
        (" 20261125 1000? ", "2026-11-25T10:00"),
        ("20261123 0230p", "2026-11-23T14:30"),
        ("2026-11-27T09:15", "2026-11-27T09:15"),
        ("2026-11-27T09:15+01:00", "2026-11-27T09:15"),
    ],
)
def test_a_time_is_the_next_one_at_which_the_queue_is_open(written: str, meant: str) -> None:
    assert appointment(written, MONDAY_13, OFFICE) == at(meant)


def test_it_is_the_clock_on_the_wall_that_counts_when_the_clocks_change() -> None:
    day_and_night = Hours(BERLIN, ((Span(0, 24 * 60),),) * 7)
    saturday = at("2026-10-24T20:00")
    found = appointment("0900h", saturday, day_and_night)
    assert found == at("2026-10-25T09:00")
    assert isinstance(found, float)
    assert found - saturday == 14 * 3600


@pytest.mark.parametrize(
    ("written", "opens"),
    [
        ("0800p", "2026-11-24T09:00"),
        ("20261128 1000a", "2026-11-30T09:00"),
        ("20261124 0500p", "2026-11-25T09:00"),
    ],
)
def test_outside_the_hours_it_is_told_when_the_queue_opens(written: str, opens: str) -> None:
    found = appointment(written, MONDAY_13, OFFICE)
    assert isinstance(found, NoAppointment)
    assert (found.closed, found.opens_at) == (True, at(opens))


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("tomorrow", "is none"),
        ("", "is none"),
        ("1330p", "is none"),
        ("2575h", "is none"),
        ("????1125 1000a", "is none"),
        ("20261131 1000a", "is none"),
        ("0001-01-01T00:00", "is"),
        ("20261123 1000a", "is over"),
        ("2026-11-23T12:59", "is over"),
        ("20270301 1000a", "too far ahead"),
    ],
)
def test_what_is_no_time_to_come_is_refused(written: str, problem: str) -> None:
    found = appointment(written, MONDAY_13, OFFICE)
    assert isinstance(found, NoAppointment)
    assert problem in found.problem
    assert not found.closed


def test_without_hours_the_clock_is_that_of_utc() -> None:
    assert appointment("1300h", MONDAY_13, None) == MONDAY_13 + 3600
