"""Turns English prompt text as people write it into words as people say them.

'Open 9 am - 6 pm, 10% off over $50' -> 'Open nine a.m. to six p.m., ten percent off over fifty
dollars'. An ordered table of patterns: each takes what it knows out of the text, so that the
later, simpler ones cannot misread it. Pure. Leaves out on purpose: anything that needs to
understand the sentence ('St.' as saint or street, 'read' as present or past).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from voicebot.speech.spoken import english
from voicebot.speech.spoken.reading import (
    Money,
    digit_groups,
    read_date,
    read_money,
    read_number,
    read_time,
)
from voicebot.types import Language

_US = Language("en-US")
LONGEST_LINE = 400
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_CLOCK = r"\d{1,2}(?::\d{2})?\s*[ap]\.?m\b\.?|\d{1,2}:\d{2}"
_MONTH = (
    "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    "|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
)
_DAYS = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Tues": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Thur": "Thursday",
    "Thurs": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
_DAY = "|".join([*(f"{day}day" for day in ("Mon", "Tues", "Wednes", "Thurs")), *_DAYS])
_UNITS = {
    "%": ("percent", "percent"),
    "kg": ("kilogram", "kilograms"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "oz": ("ounce", "ounces"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "ft": ("foot", "feet"),
    "mi": ("mile", "miles"),
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "sec": ("second", "seconds"),
}
_UNIT_NAMES = "|".join(unit for unit in _UNITS if unit != "%")
_TELEPHONE = r"(?<![\w.-])\+?(?:\d{1,3}[- .])?(?:\(\d{3}\) ?|\d{3}[-.])?\d{3}[-.]\d{4}(?![\w-])"
_FRACTIONS = {"1/2": "one half", "1/3": "one third", "1/4": "one quarter", "3/4": "three quarters"}
_ABBREVIATIONS = {
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "and so on",
    "vs.": "versus",
    "Mr.": "Mister",
    "Mrs.": "Missus",
    "Ms.": "Miz",
    "Dr.": "Doctor",
    "approx.": "about",
    "ext.": "extension",
    "w/": "with",
}


def normalise(text: str) -> str:
    """Give ``text`` with its digits, symbols and abbreviations in words.

    Words and punctuation that need no change are kept as they are. A row of more than
    `LONGEST_LINE` characters without a space is no text, and cut off.
    """
    text = " ".join(text.replace("’", "'").replace("−", "-").split())
    pieces: list[str] = []
    while text:
        # The patterns' time grows with the square of the length: never more than a line at once.
        cut = text.rfind(" ", 0, LONGEST_LINE) if len(text) > LONGEST_LINE else len(text)
        line, text = (text[:cut], text[cut:]) if cut > 0 else (text[:LONGEST_LINE], "")
        for pattern, say in _RULES:
            line = pattern.sub(say, line)
        pieces.append(line)
    return tidy(" ".join(pieces))


def tidy(text: str) -> str:
    """One space between words, none before punctuation, no doubled pauses."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"\s+([,.;:!?])", r"\1", text)
    text = re.sub(r"([ap]\.m)\.(?=\.)", r"\1", text)
    return re.sub(r",+(?=[,.;:!?])", "", text)


def _abbreviation(found: re.Match[str]) -> str:
    return _ABBREVIATIONS.get(found[0], found[0])


def _clock(found: re.Match[str]) -> str:
    when = read_time(found[0])
    return english.clock(when) if when else found[0]


def _range(found: re.Match[str]) -> str:
    return f"{found[1]} to {found[2]}"


def _dollars(found: re.Match[str]) -> str:
    amount = read_money(found[1] + found[2], _US)
    if amount is None:
        return found[0]
    if found[3]:  # '$2 million': the unit comes after the scale
        many = english.money(Money(Decimal(2), amount.currency)).split(" ", 1)[1]
        return f"{english.decimal(amount.amount)} {found[3]} {many}"
    return english.money(amount)


def _money_code(found: re.Match[str]) -> str:
    amount = read_money(found[0], _US)
    return english.money(amount) if amount else found[0]


def _iso_date(found: re.Match[str]) -> str:
    when = read_date(found[0])
    return english.day(when, weekday=False, with_year=True) if when else found[0]


def _month_day(found: re.Match[str]) -> str:
    months = [english.month(number) for number in range(1, 13)]
    full = next(month for month in months if month.startswith(found[1][:3]))
    words = f"{full} {english.ordinal(int(found[2]))}"
    return f"{words}, {english.year(int(found[3]))}" if found[3] else words


def _weekday(found: re.Match[str]) -> str:
    return _DAYS.get(found[0].rstrip("."), found[0])


def _unit(found: re.Match[str]) -> str:
    number = read_number(found[1]) or Decimal(0)
    one, many = _UNITS[found[2].lower()]
    return f"{english.decimal(number)} {one if number == 1 else many}"


def _ordinal(found: re.Match[str]) -> str:
    return english.ordinal(int(found[1].replace(",", "")))


def _telephone(found: re.Match[str]) -> str:
    return english.digits(digit_groups(found[0]))


def _address(found: re.Match[str]) -> str:
    return re.sub(
        r"[.@/_-]", lambda sign: f" {english.spell(sign[0])} ", found[0].removeprefix("https://")
    )


def _number(found: re.Match[str]) -> str:
    """Bare numbers: years as years, long runs and leading zeros digit by digit."""
    text = found[0]
    run = text.isdigit()
    if run and (len(text) > 5 or (len(text) > 1 and text[0] == "0")):
        return english.digits(digit_groups(text))
    if run and len(text) == 4 and 1900 <= int(text) <= 2099:
        return english.year(int(text))
    number = read_number(text)
    return english.decimal(number) if number is not None else text


def _minus(found: re.Match[str]) -> str:
    return "minus " + found[1]


def _numbered(found: re.Match[str]) -> str:
    """'#1234' is an identifier, not a quantity."""
    return "number " + english.digits(digit_groups(found[1]))


def _decade(found: re.Match[str]) -> str:
    return english.year(int(found[1] + "0")).removesuffix("y") + (
        "ies" if found[1][-1] != "0" else "s"
    )


def _version(found: re.Match[str]) -> str:
    return " point ".join(english.cardinal(int(part)) for part in found[0].split("."))


_Say = Callable[[re.Match[str]], str]


def _rule(pattern: str, say: _Say, flags: int = 0) -> tuple[re.Pattern[str], _Say]:
    return re.compile(pattern, flags), say


def _fixed(pattern: str, words: str) -> tuple[re.Pattern[str], _Say]:
    return re.compile(pattern), lambda _found: words


_RULES: tuple[tuple[re.Pattern[str], _Say], ...] = (
    _rule(r"(?:https://)?[\w.+-]*\w@\w[\w.-]*\.\w+|(?:https://|www\.)\w[\w./-]*\w", _address),
    _rule("|".join(rf"(?<!\w){re.escape(short)}" for short in _ABBREVIATIONS), _abbreviation),
    _fixed(r"(?<!\w)24/7(?!\w)", "twenty-four seven"),
    _rule(r"(?<![\w/])(?:1/2|1/3|1/4|3/4)(?![\w/])", lambda found: _FRACTIONS[found[0]]),
    _rule(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])", _iso_date),
    _rule(rf"\b({_DAY})\.?\s*[-–]\s*({_DAY})\b", _range),
    _rule(r"\b(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat)\b(?:\.(?=\s*[,a-z]))?", _weekday),
    _rule(r"\bSun\b(?:\.(?=\s*[,a-z]))?(?=[,.;]|\s+to\b|$)", _weekday),
    _rule(rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}})\b)?", _month_day),
    _rule(rf"(?<!\w)({_CLOCK})\s*[-–]\s*({_CLOCK})", _range, re.IGNORECASE),
    _rule(rf"(?<![\w:])(\d{{1,2}})\s*[-–]\s*({_CLOCK})", _range, re.IGNORECASE),
    _rule(rf"(?<![\w:])(?:{_CLOCK})", _clock, re.IGNORECASE),
    _rule(_TELEPHONE, _telephone),
    _rule(rf"(?<![\w.,-])([$€£]?(?:{_NUMBER}))\s*[-–]\s*([$€£]?(?:{_NUMBER}))(?![\w-])", _range),
    _rule(rf"(-?[$€£¥₹₩]\s?)({_NUMBER})(?:\s+(million|billion|thousand)\b)?", _dollars),
    _rule(rf"(?<![\w.])(?:{_NUMBER})\s?(?:USD|EUR|GBP|CAD|AUD|JPY|CNY|CHF)\b", _money_code),
    _rule(rf"(?<![\w.])({_NUMBER})\s?(%|(?:{_UNIT_NAMES})\b)(?:\.(?=\s[a-z]))?(?!\w)", _unit),
    _rule(r"(?<![\w.])(\d{1,3}(?:,\d{3})*)(?:st|nd|rd|th)\b", _ordinal),
    _rule(r"(?<!\w)#\s?(\d{3,})\b", _numbered),
    _fixed(r"(?<!\w)#(?=\s?\d)", "number "),
    _fixed(r"(?<!\w)(?:No\.|no\.)(?=\s?\d)", "number "),
    _rule(r"(?<![\w-])-(?=\d)(\d)", _minus),
    _rule(r"(?<![\w.])(\d{3})0s\b", _decade),
    _rule(r"(?<![\w.])\d+(?:\.\d+){2,}", _version),
    _fixed(r"(?<=[A-Za-z])-?(?=\d)|(?<=\d)(?=[A-Za-z])", " "),
    _rule(rf"(?<![\w.])(?:{_NUMBER})(?!\w)", _number),
    _rule(r"\d+", _number),
    _fixed(r"\s*&\s*", " and "),
    _fixed(r"\s*\+\s*", " plus "),
    _fixed(r"\s*=\s*", " equals "),
    _fixed(r"(?<!\w)#(?!\w)", "pound"),
    _fixed(r"(?<!\w)\*(?!\w)", "star"),
    _fixed(r"\s+[-–—]+\s+|\s*—\s*", ", "),
    _fixed(r"[\[\]{}<>*_|\\~^`\"“”]", " "),
)


def relative_day(when: date, today: date) -> str:
    """'today', 'tomorrow', 'yesterday', or '' for any other day."""
    return {0: "today", 1: "tomorrow", -1: "yesterday"}.get((when - today).days, "")
