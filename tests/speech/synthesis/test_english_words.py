"""English number, date, time and money words."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from voicebot.speech.spoken import english
from voicebot.speech.spoken.reading import Money


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (7, "seven"),
        (13, "thirteen"),
        (20, "twenty"),
        (42, "forty-two"),
        (100, "one hundred"),
        (105, "one hundred five"),
        (999, "nine hundred ninety-nine"),
        (1000, "one thousand"),
        (1010, "one thousand ten"),
        (12_345, "twelve thousand three hundred forty-five"),
        (1_000_001, "one million one"),
        (2_000_000_000, "two billion"),
        (-3, "minus three"),
    ],
)
def test_cardinals_are_said_in_us_style(number: int, words: str) -> None:
    assert english.cardinal(number) == words


def test_a_number_too_large_for_a_name_is_said_digit_by_digit() -> None:
    assert english.cardinal(10**15).split() == ["one"] + ["zero"] * 15


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "first"),
        (2, "second"),
        (3, "third"),
        (5, "fifth"),
        (8, "eighth"),
        (9, "ninth"),
        (12, "twelfth"),
        (20, "twentieth"),
        (21, "twenty-first"),
        (33, "thirty-third"),
        (100, "one hundredth"),
        (101, "one hundred first"),
    ],
)
def test_ordinals(number: int, words: str) -> None:
    assert english.ordinal(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("3", "three"),
        ("3.14", "three point one four"),
        ("0.5", "zero point five"),
        ("-2.50", "minus two point five zero"),
    ],
)
def test_decimals_are_read_digit_by_digit_after_the_point(number: str, words: str) -> None:
    assert english.decimal(Decimal(number)) == words


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("19.99", "USD", "nineteen dollars and ninety-nine cents"),
        ("1", "USD", "one dollar"),
        ("1.01", "USD", "one dollar and one cent"),
        ("0.05", "USD", "five cents"),
        ("0", "USD", "zero dollars"),
        ("-5.50", "USD", "minus five dollars and fifty cents"),
        ("12", "EUR", "twelve euros"),
        ("1.20", "GBP", "one pound and twenty pence"),
        ("0.01", "GBP", "one penny"),
        ("1250.00", "USD", "one thousand two hundred fifty dollars"),
        ("500.00", "JPY", "five hundred yen"),
        ("3.5", "NOK", "three point five Norwegian kroner"),
        ("19.999", "USD", "twenty dollars"),
    ],
)
def test_money(amount: str, currency: str, words: str) -> None:
    assert english.money(Money(Decimal(amount), currency)) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (2026, "twenty twenty-six"),
        (2005, "two thousand five"),
        (2000, "two thousand"),
        (1900, "nineteen hundred"),
        (1905, "nineteen oh five"),
        (1999, "nineteen ninety-nine"),
        (800, "eight hundred"),
    ],
)
def test_years(number: int, words: str) -> None:
    assert english.year(number) == words


def test_a_day_is_said_with_its_weekday_or_its_year() -> None:
    when = date(2026, 11, 3)
    assert english.day(when, weekday=True, with_year=False) == "Tuesday, November third"
    assert english.day(when, weekday=False, with_year=True) == "November third, twenty twenty-six"


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [
        (15, 30, "three thirty p.m."),
        (15, 5, "three oh five p.m."),
        (9, 0, "nine a.m."),
        (12, 0, "noon"),
        (0, 0, "midnight"),
        (0, 15, "twelve fifteen a.m."),
        (12, 45, "twelve forty-five p.m."),
    ],
)
def test_times(hour: int, minute: int, words: str) -> None:
    assert english.clock(time(hour, minute)) == words


def test_digit_groups_are_parted_by_a_pause() -> None:
    assert english.digits(("42", "71")) == "four two, seven one"
    assert english.digits(("*", "9#")) == "star, nine pound"


def test_letters_are_spelled_one_by_one_and_a_last_a_keeps_its_comma() -> None:
    assert english.spell("ab12") == "A, B, one, two"
    assert english.spell("BA") == "B, A,"
    assert english.spell("x-9 z") == "X, dash, nine, Z"
