"""Reads the values that flows hold into numbers, amounts, dates and times. Pure.

Each ``read_*`` gives None for what it cannot read: the renderers then fall back to the text as it
stands, because a call must go on even where a database holds an odd value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from itertools import accumulate

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import get_currency_name, get_territory_currencies

from voicebot.types import Language

_NUMBER = re.compile(r"[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
LARGEST = 10**15
"""A longer row of digits is no quantity but an identifier, and is read digit by digit."""
_CURRENCY_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW"}
_ENGLISH_DEFAULT = "USD"

_GROUPINGS = {
    1: [1],
    2: [2],
    3: [3],
    4: [2, 2],
    5: [3, 2],
    6: [3, 3],
    7: [3, 4],
    8: [4, 4],
    10: [3, 3, 4],
    11: [1, 3, 3, 4],
}
_CURRENCIES_AS_OF = date(2025, 1, 1)
"""Fixed, so that the reading of a value never depends on the day it is read."""


@dataclass(frozen=True, slots=True)
class Money:
    """``currency`` is an ISO 4217 code."""

    amount: Decimal
    currency: str

    def unit_name(self, locale: str) -> str:
        """The unit as CLDR names it for this amount, the code where it knows none."""
        return get_currency_name(self.currency, self.amount, locale=locale)


def locale_of(language: Language) -> Locale:
    """CLDR data for a BCP 47 tag; English (US) where there is none."""
    try:
        return Locale.parse(language, sep="-", resolve_likely_subtags=True)
    except (UnknownLocaleError, ValueError):
        return Locale("en", "US")


def read_number(value: str | int | float) -> Decimal | None:
    """12, 1.5, '1,299.00' and '-3'; None for anything else, also NaN and what is too large."""
    text = str(value).strip()
    if isinstance(value, str) and not _NUMBER.fullmatch(text):
        return None
    try:
        number = Decimal(text.replace(",", "").replace("−", "-"))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < LARGEST else None


def read_money(value: str | int | float, language: Language) -> Money | None:
    """19.99, '19.99 USD', 'USD 19.99', '$19.99', '-5 €'.

    A bare number is in the currency of the language's country (USD for plain 'en').
    """
    text = str(value).strip()
    currency = ""
    for sign, code in _CURRENCY_SIGNS.items():
        if sign in text:
            currency, text = code, text.replace(sign, "").strip()
    named = re.fullmatch(r"(?:([A-Z]{3})\s*)?([^A-Za-z]+?)(?:\s*([A-Z]{3}))?", text)
    if named is None or bool(named[1]) + bool(named[3]) + bool(currency) > 1:
        return None
    number = read_number(named[2].replace(" ", ""))
    if number is None:
        return None
    return Money(number, named[1] or named[3] or currency or _home_currency(language))


def _home_currency(language: Language) -> str:
    locale = locale_of(language)
    likely = str(get_global("likely_subtags").get(str(locale), ""))
    territory = locale.territory or likely.rpartition("_")[2]
    current = get_territory_currencies(territory, start_date=_CURRENCIES_AS_OF)
    return current[0] if current else _ENGLISH_DEFAULT


def read_date(value: str | int | float) -> date | None:
    """ISO 8601: '2026-11-03', '20261103', and the day of a date-time, as it is written there."""
    text = str(value).strip()
    try:
        return date.fromisoformat(text)
    except ValueError:
        moment = _read_moment(text)
        return moment.date() if moment else None


def read_time(value: str | int | float) -> time | None:
    """ISO 8601: '15:30', '15:30:00', and the time of a date-time; '3:30 pm' too.

    A zone is not converted: flows hold times as the caller should hear them.
    """
    text = str(value).strip()
    spoken = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?\s*([ap])\.?m\.?", text, re.IGNORECASE)
    if spoken:
        hour, minute = int(spoken[1]), int(spoken[2] or 0)
        if not (1 <= hour <= 12 and minute < 60):
            return None
        return time(hour % 12 + (12 if spoken[3].lower() == "p" else 0), minute)
    short = re.fullmatch(r"(\d):(\d{2})", text)
    try:
        return time.fromisoformat(f"0{text}" if short else text) if ":" in text else None
    except ValueError:
        moment = _read_moment(text)
        return moment.time() if moment else None


def _read_moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def digit_groups(value: str) -> tuple[str, ...]:
    """Split a digit string the way people say it: '4271' -> ('42', '71').

    Separators that are already there show the groups ('555-0199'); a ten-digit number is grouped
    as a North American telephone number; other long ones by threes, or fours where that is even.
    """
    groups = tuple(re.findall(r"[^\W_]+|[*#+]", value))
    if len(groups) > 1 and all(len(group) <= 5 for group in groups):
        return groups
    run = "".join(groups)
    sizes = _GROUPINGS.get(len(run)) or _even_groups(len(run))
    ends = accumulate(sizes)
    return tuple(run[end - size : end] for end, size in zip(ends, sizes, strict=True))


def _even_groups(length: int) -> list[int]:
    if length % 4 == 0:
        return [4] * (length // 4)
    threes, rest = divmod(length, 3)
    return [3] * (threes - 1) + [2, 2] if rest == 1 else [3] * threes + [rest] * (rest > 0)
