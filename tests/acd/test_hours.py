"""Opening hours, holidays, and the nights on which the clock changes."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from voicebot.acd.hours import Hours, Span

BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_FIVE = Hours(BERLIN, ((Span(540, 1020),),) * 5 + ((), ()))


def at(text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


def daily(start: int, end: int) -> Hours:
    return Hours(BERLIN, ((Span(start, end),),) * 7)


def test_the_end_is_outside() -> None:
    assert not NINE_TO_FIVE.is_open(at("2026-06-01T08:59:59"))
    assert NINE_TO_FIVE.is_open(at("2026-06-01T09:00"))
    assert NINE_TO_FIVE.is_open(at("2026-06-01T16:59:59"))
    assert not NINE_TO_FIVE.is_open(at("2026-06-01T17:00"))


def test_after_the_weekend_it_opens_by_the_clock_on_the_wall() -> None:
    friday = at("2026-03-27T18:00")  # the clock changes on Sunday
    assert NINE_TO_FIVE.next_open(friday) == at("2026-03-30T09:00")
    assert at("2026-03-30T09:00") - friday == (2 * 24 + 15 - 1) * 3600


def test_a_holiday_replaces_the_day() -> None:
    holidays = {date(2026, 6, 1): (), date(2026, 6, 2): (Span(600, 660),)}
    hours = Hours(BERLIN, NINE_TO_FIVE.week, holidays)
    assert hours.next_open(at("2026-06-01T10:00")) == at("2026-06-02T10:00")
    assert not hours.is_open(at("2026-06-02T11:00"))


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    night = Hours(BERLIN, ((Span(22 * 60, 30 * 60),),) + ((),) * 6)
    assert night.is_open(at("2026-06-02T05:59"))
    assert not night.is_open(at("2026-06-02T06:00"))
    assert not night.is_open(at("2026-06-01T05:59"))


def test_hours_that_the_clock_jumps_into_open_at_the_jump() -> None:
    hours = daily(150, 300)  # 02:30 to 05:00; on 2026-03-29 02:00 is followed by 03:00
    jump = at("2026-03-29T03:00")
    assert hours.next_open(at("2026-03-29T01:00")) == jump
    assert not hours.is_open(jump - 1)


def test_hours_that_the_clock_leaps_over_do_not_open_that_day() -> None:
    hours = daily(125, 175)
    assert hours.next_open(at("2026-03-29T01:00")) == at("2026-03-30T02:05")


def test_hours_that_come_twice_are_open_twice_but_begin_once() -> None:
    hours = daily(150, 170)  # 02:30 to 02:50; on 2026-10-25 03:00 is followed by 02:00
    assert hours.next_open(at("2026-10-25T01:00")) == at("2026-10-25T02:30")
    assert hours.is_open(at("2026-10-25T02:40", fold=1))


def test_hours_that_never_come() -> None:
    assert Hours(BERLIN, ((),) * 7).next_open(at("2026-06-01T10:00")) is None
