"""Values of a prompt as they sound and as they look."""

from __future__ import annotations

from datetime import date

import pytest

from voicebot.speech.spoken import shown, spoken, text, words
from voicebot.speech.spoken.reading import digit_groups, read_money
from voicebot.types import Language, Prompt, SayAs, Value

ENGLISH = Language("en-US")
GERMAN = Language("de-DE")
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("value", "say_as", "sound", "look"),
    [
        (105, SayAs.NUMBER, "one hundred five", "105"),
        ("1,299", SayAs.NUMBER, "one thousand two hundred ninety-nine", "1,299"),
        (2.5, SayAs.NUMBER, "two point five", "2.5"),
        (21, SayAs.ORDINAL, "twenty-first", "21st"),
        (12, SayAs.ORDINAL, "twelfth", "12th"),
        ("4271", SayAs.DIGITS, "four two, seven one", "4271"),
        (4271, SayAs.DIGITS, "four two, seven one", "4271"),
        ("AB12", SayAs.SPELL, "A, B, one, two", "AB12"),
        ("19.99 USD", SayAs.MONEY, "nineteen dollars and ninety-nine cents", "$19.99"),
        (19.99, SayAs.MONEY, "nineteen dollars and ninety-nine cents", "$19.99"),
        ("5 EUR", SayAs.MONEY, "five euros", "€5.00"),
        ("£3", SayAs.MONEY, "three pounds", "£3.00"),
        (-5, SayAs.MONEY, "minus five dollars", "-$5.00"),
        ("2026-11-24", SayAs.DATE, "Tuesday, November twenty-fourth", "Tue, Nov 24"),
        ("2026-11-21", SayAs.DATE, "today", "Sat, Nov 21"),
        ("2026-11-22", SayAs.DATE, "tomorrow", "Sun, Nov 22"),
        ("2026-11-20", SayAs.DATE, "yesterday", "Fri, Nov 20"),
        ("2028-03-01", SayAs.DATE, "March first, twenty twenty-eight", "Mar 1, 2028"),
        ("2026-11-24T09:00:00", SayAs.DATE, "Tuesday, November twenty-fourth", "Tue, Nov 24"),
        ("15:30", SayAs.TIME, "three thirty p.m.", "3:30 PM"),
        ("2026-11-24T15:05:00Z", SayAs.TIME, "three oh five p.m.", "3:05 PM"),
        ("3 pm", SayAs.TIME, "three p.m.", "3:00 PM"),
        ("on its way", SayAs.TEXT, "on its way", "on its way"),
        ("2 coats", SayAs.TEXT, "two coats", "2 coats"),
    ],
)
def test_values_in_english(value: str | float, say_as: SayAs, sound: str, look: str) -> None:
    assert spoken(Value(value, say_as), ENGLISH, TODAY) == sound
    assert shown(Value(value, say_as), ENGLISH, TODAY) == look


@pytest.mark.parametrize("say_as", list(SayAs))
@pytest.mark.parametrize("value", ["soon", "", "25:99", "2026-02-30", "1e400", float("nan"), 1e22])
@pytest.mark.parametrize("language", ["en-US", "de-DE", "ko", "am", "tlh", "", "not a tag"])
def test_a_value_that_is_not_what_it_claims_still_gives_text(
    say_as: SayAs, value: str | float, language: str
) -> None:
    assert isinstance(spoken(Value(value, say_as), Language(language), TODAY), str)
    assert isinstance(shown(Value(value, say_as), Language(language), TODAY), str)


def test_an_unreadable_date_is_read_as_the_text_it_is() -> None:
    assert spoken(Value("in 2 days", SayAs.DATE), ENGLISH) == "in two days"


def test_without_today_a_date_is_never_relative_and_has_no_year() -> None:
    assert spoken(Value("2026-11-21", SayAs.DATE), ENGLISH) == "Saturday, November twenty-first"


@pytest.mark.parametrize(
    ("value", "say_as", "language", "sound"),
    [
        (21, SayAs.NUMBER, "de-DE", "einundzwanzig"),
        (3, SayAs.ORDINAL, "de-DE", "dritte"),
        ("42", SayAs.DIGITS, "de-DE", "vier zwei"),
        ("19.99 EUR", SayAs.MONEY, "de-DE", "19,99 Euro"),
        ("2026-11-24", SayAs.DATE, "de-DE", "Dienstag, 24. November"),
        ("2029-11-24", SayAs.DATE, "de-DE", "24. November 2029"),
        ("15:30", SayAs.TIME, "de-DE", "15:30"),
        (21, SayAs.NUMBER, "ko-KR", "이십일"),
        (80, SayAs.NUMBER, "fr-FR", "quatre-vingts"),
        (1_000_000, SayAs.NUMBER, "am", "1,000,000"),
    ],
)
def test_values_in_other_languages(
    value: str | float, say_as: SayAs, language: str, sound: str
) -> None:
    assert spoken(Value(value, say_as), Language(language), TODAY) == sound


def test_a_bare_amount_is_in_the_currency_of_the_country() -> None:
    amounts = {tag: read_money(5, Language(tag)) for tag in ("en-US", "en-GB", "de-DE", "ko", "en")}
    currencies = {tag: amount.currency for tag, amount in amounts.items() if amount}
    assert currencies == {
        "en-US": "USD",
        "en-GB": "GBP",
        "de-DE": "EUR",
        "ko": "KRW",
        "en": "USD",
    }


@pytest.mark.parametrize(
    ("run", "groups"),
    [
        ("", ()),
        ("7", ("7",)),
        ("123", ("123",)),
        ("1234", ("12", "34")),
        ("12345", ("123", "45")),
        ("5550199", ("555", "0199")),
        ("8005550199", ("800", "555", "0199")),
        ("18005550199", ("1", "800", "555", "0199")),
        ("1234567890123456", ("1234", "5678", "9012", "3456")),
        ("1234567890123", ("123", "456", "789", "01", "23")),
        ("12-345", ("12", "345")),
    ],
)
def test_long_numbers_are_read_in_groups(run: str, groups: tuple[str, ...]) -> None:
    assert digit_groups(run) == groups


ORDER = Prompt(
    (
        "Order ",
        Value("4271", SayAs.DIGITS),
        " costs ",
        Value("59.90 USD", SayAs.MONEY),
        ". It comes ",
        Value("2026-11-22", SayAs.DATE),
        ", 9 am.",
    )
)


def test_a_whole_prompt_as_words() -> None:
    assert words(ORDER, ENGLISH, TODAY) == (
        "Order four two, seven one costs fifty-nine dollars and ninety cents. "
        "It comes tomorrow, nine a.m."
    )


def test_a_whole_prompt_as_text() -> None:
    assert text(ORDER, ENGLISH, TODAY) == "Order 4271 costs $59.90. It comes Sun, Nov 22, 9 am."
