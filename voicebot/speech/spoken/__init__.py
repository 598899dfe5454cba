"""How a value of a prompt sounds (`spoken`) and how it looks in text (`shown`). Pure.

`spoken` gives words for a synthesiser and for captions; English is done well, other languages as
far as CLDR and num2words go. A value that is not what its `SayAs` claims is read as the text it
is: an odd value in a database must not end a call.
"""

from __future__ import annotations

from datetime import date

from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal

from voicebot.speech.spoken import english, other_languages
from voicebot.speech.spoken.free_text import normalise, relative_day, tidy
from voicebot.speech.spoken.reading import (
    digit_groups,
    locale_of,
    read_date,
    read_money,
    read_number,
    read_time,
)
from voicebot.types import Language, Prompt, SayAs, Value

__all__ = ["is_english", "shown", "spoken", "spoken_text", "text", "tidy", "words"]

FAR_DAYS = 300
"""A date further from today than this is given with its year, and without its weekday."""


def is_english(language: Language) -> bool:
    return language.split("-")[0].lower() == "en"


def spoken_text(text: str, language: Language) -> str:
    """Literal prompt text in words; other languages' engines read digits themselves."""
    return normalise(text) if is_english(language) else tidy(text)


def words(prompt: Prompt, language: Language, today: date | None = None) -> str:
    """The whole prompt as it is spoken, for records and captions."""
    return tidy(
        " ".join(
            spoken_text(part, language) if isinstance(part, str) else spoken(part, language, today)
            for part in prompt.parts
        )
    )


def text(prompt: Prompt, language: Language, today: date | None = None) -> str:
    """The whole prompt as it is shown on a text channel."""
    return " ".join(
        "".join(
            part if isinstance(part, str) else shown(part, language, today) for part in prompt.parts
        ).split()
    )


def spoken(value: Value, language: Language, today: date | None = None) -> str:
    """``value`` in words.

    ``today`` lets a date be 'today', 'tomorrow' or 'yesterday', and tells which need a year;
    without it no year is said.
    """
    say = _english if is_english(language) else _elsewhere
    said = say(value, language, today)
    return said if said is not None else spoken_text(str(value.value), language)


def _english(value: Value, language: Language, today: date | None) -> str | None:
    match value.say_as:
        case SayAs.NUMBER:
            number = read_number(value.value)
            return english.decimal(number) if number is not None else None
        case SayAs.ORDINAL:
            number = read_number(value.value)
            whole = number is not None and number == number.to_integral_value()
            return english.ordinal(int(number)) if number is not None and whole else None
        case SayAs.DIGITS:
            return english.digits(digit_groups(str(value.value)))
        case SayAs.SPELL:
            return english.spell(str(value.value))
        case SayAs.MONEY:
            amount = read_money(value.value, language)
            return english.money(amount) if amount else None
        case SayAs.DATE:
            when = read_date(value.value)
            return _english_day(when, today) if when else None
        case SayAs.TIME:
            clock = read_time(value.value)
            return english.clock(clock) if clock is not None else None
        case SayAs.TEXT:
            return None


def _english_day(when: date, today: date | None) -> str:
    if today is not None and (near := relative_day(when, today)):
        return near
    far = _is_far(when, today)
    return english.day(when, weekday=not far, with_year=far)


def _is_far(when: date, today: date | None) -> bool:
    return today is not None and abs((when - today).days) > FAR_DAYS


def _elsewhere(value: Value, language: Language, today: date | None) -> str | None:
    match value.say_as:
        case SayAs.NUMBER | SayAs.ORDINAL:
            number = read_number(value.value)
            if number is None:
                return None
            return other_languages.number(number, language, ordinal=value.say_as is SayAs.ORDINAL)
        case SayAs.DIGITS:
            return other_languages.digits(digit_groups(str(value.value)), language)
        case SayAs.SPELL:
            return ", ".join(sign for sign in str(value.value).upper() if not sign.isspace())
        case SayAs.MONEY:
            amount = read_money(value.value, language)
            return other_languages.money(amount, language) if amount else None
        case SayAs.DATE:
            when = read_date(value.value)
            return (
                other_languages.day(when, language, with_year=_is_far(when, today))
                if when
                else None
            )
        case SayAs.TIME:
            clock = read_time(value.value)
            return other_languages.clock(clock, language) if clock is not None else None
        case SayAs.TEXT:
            return None


def shown(value: Value, language: Language, today: date | None = None) -> str:
    """``value`` as text people read: '$19.99', 'Tue, Nov 3', '3:30 PM', '1,299'."""
    text = str(value.value)
    locale = locale_of(language)
    match value.say_as:
        case SayAs.NUMBER if (number := read_number(value.value)) is not None:
            return str(format_decimal(number, locale=locale))
        case SayAs.ORDINAL if is_english(language) and text.isascii() and text.isdigit():
            return text + _ordinal_suffix(int(text))
        case SayAs.MONEY if amount := read_money(value.value, language):
            return str(format_currency(amount.amount, amount.currency, locale=locale))
        case SayAs.DATE if when := read_date(value.value):
            if _is_far(when, today):
                return str(format_date(when, "medium", locale=locale))
            return str(format_skeleton("MMMEd", when, locale=locale))
        case SayAs.TIME if (clock := read_time(value.value)) is not None:
            return str(format_time(clock, "short", locale=locale)).replace("\u202f", " ")
        case _:
            return text


def _ordinal_suffix(number: int) -> str:
    if 10 < number % 100 < 14:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
