"""Values in languages other than English, as far as CLDR and num2words carry them.

Number words come from num2words; dates, times and money in the long form of CLDR (babel), whose
remaining digits the engine reads in its own language. Leaves out on purpose: rewriting free text,
which espeak-ng does itself for each of its languages.
"""

from __future__ import annotations

import contextlib
from datetime import date, time
from decimal import Decimal

from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal
from num2words import num2words

from voicebot.grammar import chinese
from voicebot.speech.spoken.reading import Money, locale_of
from voicebot.types import Language

LARGEST = 10**12
LONGEST_FRACTION = 6
"""Beyond these num2words fails or never ends in some languages; CLDR's digits are given instead."""
UNSAFE = frozenset({"am"})
"""num2words 0.5.14 never returns for an Amharic million."""


def number(value: Decimal, language: Language, *, ordinal: bool = False) -> str:
    """In words where num2words knows the language, or it is Chinese; in digits as written there
    where not."""
    if language.split("-")[0] == "zh" and abs(value) < chinese.LARGEST:
        return ("第" if ordinal else "") + _chinese(value)
    whole = value == value.to_integral_value()
    kind = "ordinal" if ordinal and whole else "cardinal"
    primary = language.split("-")[0]
    sayable = abs(value) < LARGEST and primary not in UNSAFE
    if sayable and value.as_tuple().exponent >= -LONGEST_FRACTION:  # type: ignore[operator]
        for name in (language.replace("-", "_"), primary):
            with contextlib.suppress(NotImplementedError):
                return _words(int(value) if whole else float(value), name, kind)
    return str(format_decimal(value, locale=locale_of(language)))


def _chinese(value: Decimal) -> str:
    whole, _, fraction = f"{abs(value):f}".partition(".")
    name = chinese.number_name(int(whole))
    if fraction.strip("0"):
        name += "点" + "".join(chinese.DIGITS[int(digit)] for digit in fraction)
    return f"负{name}" if value < 0 else name


def _words(value: int | float, language: str, kind: str) -> str:
    try:
        return str(num2words(value, lang=language, to=kind))
    except Exception as error:
        # Its languages are by many hands and raise whatever comes for what they cannot say.
        raise NotImplementedError(language) from error


def digits(groups: tuple[str, ...], language: Language) -> str:
    """Digit by digit, a pause between groups."""
    return ", ".join(
        " ".join(number(Decimal(sign), language) if sign.isdecimal() else sign for sign in group)
        for group in groups
    )


def money(amount: Money, language: Language) -> str:
    """'19,99 Euro': the amount with the unit's name."""
    return str(
        format_currency(
            amount.amount, amount.currency, locale=locale_of(language), format_type="name"
        )
    )


def day(when: date, language: Language, *, with_year: bool) -> str:
    """'Dienstag, 3. November'; with the year '3. November 2026'."""
    locale = locale_of(language)
    if with_year:
        return str(format_date(when, "long", locale=locale))
    # CLDR's own pattern for weekday, month and day abbreviates the weekday in many languages.
    weekday = format_date(when, "EEEE", locale=locale)
    return f"{weekday}, {format_skeleton('MMMMd', when, locale=locale)}"


def clock(when: time, language: Language) -> str:
    """'15:30', as the language's short form writes it."""
    return str(format_time(when, "short", locale=locale_of(language)))
