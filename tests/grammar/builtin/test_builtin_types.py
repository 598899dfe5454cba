"""What each built-in type takes and gives: by voice, typed and keyed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from voicebot.grammar.active import Progress
from voicebot.grammar.builtin import KINDS
from voicebot.grammar.builtin.currency import CURRENCIES
from voicebot.grammar.store import GrammarStore
from voicebot.types import Json

STORE = GrammarStore(Path("/nowhere"))
WEDNESDAY = date(2026, 3, 4)


def _said(name: str, text: str, today: date = WEDNESDAY) -> Json:
    match = STORE.active([f"builtin:{name}"]).match_words([text], today)
    return "no match" if match is None else match.semantics


def _keyed(name: str, keys: str) -> Json:
    match = STORE.active([f"builtin:{name}"]).match_keys(keys, WEDNESDAY)
    return "no match" if match is None else match.semantics


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("boolean", "yes please", True),
        ("boolean", "no it isn't", False),
        ("digits", "double seven oh", "770"),
        ("digits", "one two triple five", "12555"),
        ("digits", "12 34", "1234"),
        ("number", "minus five", -5),
        ("number", "point five", 0.5),
        ("number", "nineteen ninety nine", 1999),
        ("number", "two and a half", 2.5),
        ("number", "two and a half million", 2_500_000),
        ("number", "a hundred and five", 105),
        ("number", "two thousand twenty six", 2026),
        ("number", "twenty twenty six", 2026),
        ("number", "twenty five", 25),
        ("number", "three fifty", 350),
        ("number", "a couple of hundred", 200),
        ("number", "half a dozen", 6),
        ("number", "19.99", 19.99),
        ("number", "-2.5", -2.5),
        ("number", "1,000,000", 1_000_000),
        ("number", "7", 7),
        ("currency", "nineteen ninety nine", "19.99"),
        ("currency", "five dollars", "USD5.00"),
        ("currency", "three fifty", "3.50"),
        ("currency", "a hundred fifty", "150.00"),
        ("currency", "one twenty nine ninety nine", "129.99"),
        ("currency", "twenty bucks", "USD20.00"),
        ("currency", "a buck fifty", "USD1.50"),
        ("currency", "fifty cents", "USD0.50"),
        ("currency", "five euros", "EUR5.00"),
        ("currency", "ten pounds fifty", "GBP10.50"),
        ("currency", "five grand", "USD5000.00"),
        ("currency", "$5", "USD5.00"),
        ("currency", "$1,234.56", "USD1234.56"),
        ("currency", "5 €", "EUR5.00"),
        ("currency", "50¢", "USD0.50"),
        ("currency", "19.99", "19.99"),
        ("currency", "1999", "1999.00"),
        ("date", "march third twenty twenty six", "20260303"),
        ("date", "on the third of March", "????0303"),
        ("date", "the fifteenth", "??????15"),
        ("date", "may", "????05??"),
        ("date", "May 2005", "200505??"),
        ("date", "friday the thirteenth", "??????13"),
        ("date", "december thirty first nineteen ninety nine", "19991231"),
        ("date", "february twenty ninth", "????0229"),
        ("date", "february thirtieth", "no match"),
        ("date", "april thirty first", "no match"),
        ("date", "2026-03-03", "20260303"),
        ("date", "12/25", "????1225"),
        ("date", "12/25/26", "20261225"),
        ("date", "12/25/1999", "19991225"),
        ("date", "13/25", "no match"),
        ("date", "Mar 3rd, 2026", "20260303"),
        ("date", "March 3", "????0303"),
        ("time", "half past three", "0330?"),
        ("time", "quarter to one", "1245?"),
        ("time", "five past twelve", "1205?"),
        ("time", "three thirty pm", "0330p"),
        ("time", "three in the morning", "0300a"),
        ("time", "eight at night", "0800p"),
        ("time", "two at night", "0200a"),
        ("time", "noon", "1200p"),
        ("time", "midnight", "1200a"),
        ("time", "fifteen hundred hours", "1500h"),
        ("time", "oh nine hundred", "0900h"),
        ("time", "3:30 pm", "0330p"),
        ("time", "3pm", "0300p"),
        ("time", "15:00", "1500h"),
        ("time", "0:30", "0030h"),
        ("time", "9:00", "0900?"),
        ("time", "9:75", "no match"),
        ("phone", "eight hundred five five five twelve twelve", "8005551212"),
        ("phone", "double seven triple five oh", "775550"),
        ("phone", "twenty two twenty three", "2223"),
        ("phone", "five five five one two one two extension forty two", "5551212x42"),
        ("phone", "+1 (555) 123-4567", "15551234567"),
        ("phone", "555.123.4567", "5551234567"),
        ("phone", "555-1234 x89", "5551234x89"),
        ("phone", "one two", "no match"),
    ],
)
def test_value_said_or_typed(kind: str, text: str, value: Json) -> None:
    assert _said(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "keys", "value"),
    [
        ("boolean", "1", True),
        ("boolean", "2", False),
        ("boolean?y=7;n=9", "9", False),
        ("boolean?y=7;n=9", "1", "no match"),
        ("digits", "0042", "0042"),
        ("number", "12", 12),
        ("number", "12*5", 12.5),
        ("number", "*5", 0.5),
        ("number", "*", "no match"),
        ("currency", "505", "505.00"),
        ("currency", "5*5", "5.50"),
        ("currency?currency=EUR", "5*05", "EUR5.05"),
        ("date", "20260303", "20260303"),
        ("date", "1225", "????1225"),
        ("date", "0229", "????0229"),
        ("date", "0230", "no match"),
        ("date", "1131", "no match"),
        ("time", "0330", "0330?"),
        ("time", "1530", "1530h"),
        ("time", "0000", "0000h"),
        ("time", "2400", "no match"),
        ("phone", "5551234*89", "5551234x89"),
    ],
)
def test_value_keyed(kind: str, keys: str, value: Json) -> None:
    assert _keyed(kind, keys) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("today", "20260304"),
        ("tomorrow", "20260305"),
        ("the day before yesterday", "20260302"),
        ("wednesday", "20260304"),
        ("friday", "20260306"),
        ("this tuesday", "20260310"),
        ("next friday", "20260313"),
        ("monday next week", "20260309"),
        ("last wednesday", "20260225"),
        ("a week from friday", "20260313"),
        ("in three days", "20260307"),
        ("two weeks ago", "20260218"),
        ("thirty days from now", "20260403"),
    ],
)
def test_relative_day_counts_from_the_day_passed_in(text: str, value: str) -> None:
    assert _said("date", text) == value


def test_relative_days_cross_leap_days_and_years() -> None:
    assert _said("date", "tomorrow", date(2028, 2, 28)) == "20280229"
    assert _said("date", "tomorrow", date(2026, 12, 31)) == "20270101"
    assert _said("date", "next sunday", date(2026, 3, 8)) == "20260315"


def test_parameter_fixes_the_day_to_count_from() -> None:
    assert _said("date?today=2028-02-28", "tomorrow", WEDNESDAY) == "20280229"


def test_currency_parameter_names_what_is_not_said() -> None:
    assert _said("currency?currency=CAD", "nineteen ninety nine") == "CAD19.99"
    assert _said("currency?currency=CAD", "five dollars") == "CAD5.00"
    assert _said("currency?currency=EUR", "fifty cents") == "EUR0.50"
    assert _said("currency?currency=EUR", "five dollars") == "USD5.00"


def test_keys_of_a_type_are_not_taken_for_its_words() -> None:
    assert _keyed("currency", "505") == "505.00"
    assert _said("currency", "five oh five") == "5.05"
    active = STORE.active(["builtin:time"])
    assert [active.keys_status("0330"[:length]) for length in (3, 4)] == [
        Progress.PARTIAL,
        Progress.COMPLETE,
    ]


def test_part_for_speech_or_keys_alone() -> None:
    assert _said("grammar/boolean", "yes") is True
    assert _keyed("grammar/boolean", "1") == "no match"
    assert _keyed("dtmf/boolean?y=7;n=9", "7") is True
    assert _said("dtmf/boolean", "yes") == "no match"


def test_digits_keep_their_length_whatever_is_doubled() -> None:
    assert _said("digits?length=4", "double one double two") == "1122"
    assert _said("digits?length=4", "double one triple two") == "no match"
    assert _said("digits?minlength=3;maxlength=5", "double one") == "no match"
    assert _said("digits?minlength=3;maxlength=5", "triple one double two") == "11122"


def test_every_type_and_parameter_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "builtins.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"| `{kind}` |" in text
    for parameter in ("y", "n", "length", "minlength", "maxlength", "currency", "today"):
        assert f"`{parameter}`" in text
    assert all(currency in text for currency in CURRENCIES)
