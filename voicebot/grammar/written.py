"""Values as people type them: '$5', '19.99', '3:30 pm', '2026-03-03', '12/25', '-2', 'Mar 3'.

Each becomes the words that would be said for it, so that the grammars of speech hold it too. The
characters between its figures carry meaning that `normalise_words` drops, hence two lattices for
one text: the first reads values as values, the second word by word. In English months come before
days ('12/25'), as in the United States; for Chinese see `chinese`, other languages have no values.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

from voicebot.grammar import chinese
from voicebot.grammar.words import Lattice, Way, named, normalise_words, word_lattice

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d{1,9})?|\.\d{1,9}"
_VALUE = re.compile(
    rf"""
      (?<![\w.,/])(?:
      (?P<year>\d{{4}})[-/](?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}})
    | (?P<us_month>\d{{1,2}})/(?P<us_day>\d{{1,2}})(?:/(?P<us_year>\d{{4}}|\d\d))?
    | (?P<hour>\d{{1,2}}):(?P<minute>\d\d)
    | (?P<half_hour>\d{{1,2}})(?P<half>[ap]\.?m\b)
    | (?P<before>[$€£])\s?(?P<amount>{_NUMBER})
    | (?P<price>{_NUMBER})\s?(?P<after>[$€£¢])
    | (?P<minus>[-−]\s?)?(?P<number>{_NUMBER})
    | x\s?(?P<extension>\d{{1,6}})
    | (?P<name>jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|sun|mon|tues?|wed|thurs?|fri|sat)
    )(?![\w/])
    """,
    re.VERBOSE | re.ASCII,
)
_NAMES: Final = (
    *("january", "february", "march", "april", "june", "july", "august", "september"),
    *("october", "november", "december"),
    *("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"),
)
_MONTHS: Final = (*_NAMES[:4], "may", *_NAMES[4:11])
_SIGNS: Final = {"$": "usd", "€": "eur", "£": "gbp", "¢": "cents"}
_FIGURES: Final = dict(
    enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
)
_ENGLISH: Final = "en-US"


def text_lattices(text: str, language: str) -> tuple[Lattice, ...]:
    """Lay out the readings of ``text`` in the order in which they are to be tried."""
    if language.lower().startswith("zh"):
        text = chinese.spelled_out(text)
    plain = word_lattice(normalise_words(text), language)
    if not language.lower().startswith("en"):
        return (plain,)
    items = list(_items(unicodedata.normalize("NFKC", text).lower()))
    if all(isinstance(item, str) for item in items):
        return (plain,)
    return word_lattice(items, language), plain


def _items(text: str) -> Iterator[str | Way]:
    """Give plain words, and the words said for each value."""
    done = 0
    for found in _VALUE.finditer(text):
        way = _spoken(found)
        if way:
            yield from normalise_words(text[done : found.start()])
            yield way
            done = found.end()
    yield from normalise_words(text[done:])


def _spoken(found: re.Match[str]) -> Way | None:
    """Give the words said for a value; None where it is best read word by word."""
    for group, speak in _SPEAK.items():
        if found[group] is not None:
            return speak(found)
    return None


def _date(month: str, day: str, year: str | None) -> Way | None:
    number = int(month)
    if not 1 <= number <= 12 or not 1 <= int(day) <= 31:
        return None
    said = (_MONTHS[number - 1], *_named(int(day), "ordinal"))
    return said if year is None else (*said, *_year(int(year)))


def _year(year: int) -> Way:
    """Two figures mean this century up to 49, the last one from 50 on."""
    if year < 100:
        year += 2000 if year < 50 else 1900
    return _named(year, "year")


def _time(hour: str, minute: str) -> Way | None:
    if int(hour) > 23 or int(minute) > 59:
        return None
    on_24 = int(hour) > 12 or int(hour) == 0
    said = _named(int(hour))
    if minute == "00":
        return (*said, "hundred" if on_24 else "o'clock")
    return (*said, *(("oh",) if minute < "10" else ()), *_named(int(minute)))


def _money(sign: str, amount: str) -> Way | None:
    number = _number(amount)
    if sign == "¢":
        return (*number, _SIGNS[sign])
    return (_SIGNS[sign], *number)


def _number(written: str) -> Way:
    whole, _, fraction = written.replace(",", "").partition(".")
    said = _named(int(whole or "0"))
    return (*said, "point", *(_FIGURES[int(figure)] for figure in fraction)) if fraction else said


def _plain_number(found: re.Match[str]) -> Way | None:
    written = found["number"]
    if found["minus"]:
        return ("minus", *_number(written))
    return _number(written) if "," in written or "." in written else None


def _half_day(found: re.Match[str]) -> Way:
    return (*_named(int(found["half_hour"])), found["half"].replace(".", ""))


def _extension(found: re.Match[str]) -> Way:
    return ("x", *(_FIGURES[int(figure)] for figure in found["extension"]))


def _full_name(found: re.Match[str]) -> Way:
    return next((name,) for name in _NAMES if name.startswith(found["name"]))


def _named(number: int, form: str = "cardinal") -> Way:
    return named(number, form, _ENGLISH)[-1]


_SPEAK: Final[dict[str, Callable[[re.Match[str]], Way | None]]] = {
    "year": lambda found: _date(found["month"], found["day"], found["year"]),
    "us_month": lambda found: _date(found["us_month"], found["us_day"], found["us_year"]),
    "hour": lambda found: _time(found["hour"], found["minute"]),
    "half_hour": _half_day,
    "amount": lambda found: _money(found["before"], found["amount"]),
    "price": lambda found: _money(found["after"], found["price"]),
    "extension": _extension,
    "name": _full_name,
    "number": _plain_number,
}
