"""Random values of the built-in types with one way in which people say each.

The words come from num2words and the meanings from Python's own arithmetic, so that nothing here
shares a table with the grammars. `benchmarks.builtins` speaks them; the tests of the grammars match
them as text. Relative dates count from `TODAY`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeAlias

from num2words import num2words

from voicebot.grammar.words import normalise_words
from voicebot.types import Json

TODAY = date(2026, 3, 4)

Value: TypeAlias = tuple[str, Json]
"""What is said and what it means."""
Draw: TypeAlias = Callable[[random.Random], Value]


def words(number: int, form: str = "cardinal") -> str:
    """Say a number: 'two thousand twenty six', without 'and'."""
    said = normalise_words(num2words(number, to=form))
    return " ".join(word for word in said if word != "and")


def boolean(chance: random.Random) -> Value:
    yes = ("yes", "yeah", "yes please", "that's right", "correct", "sure", "yes it is")
    no = ("no", "nope", "no thanks", "no thank you", "not really", "wrong", "no it isn't")
    answer = chance.random() < 0.5
    return chance.choice(yes if answer else no), answer


def digits(chance: random.Random) -> Value:
    figures = "".join(chance.choices("0123456789", k=chance.randint(3, 8)))
    return _dialled(chance, figures), figures


def _dialled(chance: random.Random, figures: str) -> str:
    said = []
    at = 0
    while at < len(figures):
        figure = figures[at]
        name = chance.choice(("zero", "oh")) if figure == "0" else words(int(figure))
        run = len(figures[at:]) - len(figures[at:].lstrip(figure))
        if run >= 3 and chance.random() < 0.5:
            said.append(f"triple {name}")
            at += 3
        elif run >= 2 and chance.random() < 0.5:
            said.append(f"double {name}")
            at += 2
        else:
            said.append(name)
            at += 1
    return " ".join(said)


def number(chance: random.Random) -> Value:
    size = chance.choice((10, 100, 1_000, 10_000, 1_000_000))
    whole = chance.randrange(size)
    form = chance.randrange(6)
    if form == 0:
        fraction = "".join(chance.choices("0123456789", k=chance.randint(1, 3)))
        said = " ".join(words(int(figure)) for figure in fraction)
        value = float(f"{whole}.{fraction}")
        return f"{words(whole)} point {said}", int(value) if value == int(value) else value
    if form == 1:
        return f"minus {words(whole)}", -whole
    if form == 2:
        return f"{words(whole % 100 + 1)} and a half", whole % 100 + 1.5
    if form == 3:
        year = chance.randint(1901, 2099)
        return words(year, "year"), year
    return words(whole), whole


def currency(chance: random.Random) -> Value:
    whole, rest = chance.randrange(1, chance.choice((10, 100, 1_000))), chance.randrange(100)
    form = chance.randrange(6)
    if form == 0:
        name, code = chance.choice((("dollars", "USD"), ("euros", "EUR"), ("pounds", "GBP")))
        return f"{words(whole + 1)} {name}", f"{code}{whole + 1}.00"
    if form == 1:
        rest = rest % 98 + 2
        return f"{words(rest)} cents", f"USD0.{rest:02}"
    if form == 2:
        whole, rest = whole % 99 + 1, rest % 90 + 10
        return f"{words(whole)} {words(rest)}", f"{whole}.{rest}"
    if form == 3:
        return f"{words(whole + 1)} bucks", f"USD{whole + 1}.00"
    rest += rest < 2
    cents = f"{words(rest)} cent{'s' if rest > 1 else ''}"
    return f"{words(whole + 1)} dollars and {cents}", f"USD{whole + 1}.{rest:02}"


def calendar_date(chance: random.Random) -> Value:
    day = date(1930, 1, 1) + timedelta(chance.randrange(40_000))
    month, nth = f"{day:%B}".lower(), words(day.day, "ordinal")
    form = chance.randrange(8)
    if form < 3:
        year = words(day.year, "year")
        dated = (f"{month} {nth} {year}", f"the {nth} of {month} {year}", f"{month} {nth}")
        return dated[form], f"{day:%Y%m%d}" if form < 2 else f"????{day:%m%d}"
    if form == 3:
        return f"the {nth}", f"??????{day:%d}"
    if form == 4:
        return f"on the {nth} of {month}", f"????{day:%m%d}"
    return _relative(chance)


def _relative(chance: random.Random) -> Value:
    name, days = chance.choice((("today", 0), ("tomorrow", 1), ("yesterday", -1)))
    ahead = chance.randrange(7)
    weekday = f"{TODAY + timedelta(ahead):%A}".lower()
    monday = TODAY - timedelta(TODAY.weekday())
    spoken = [
        (name, TODAY + timedelta(days)),
        (weekday, TODAY + timedelta(ahead)),
        (f"next {weekday}", monday + timedelta(7 + (TODAY.weekday() + ahead) % 7)),
        (f"last {weekday}", TODAY + timedelta(ahead - 7)),
        (f"in {words(ahead + 2)} days", TODAY + timedelta(ahead + 2)),
        ("the day after tomorrow", TODAY + timedelta(2)),
    ]
    said, day = chance.choice(spoken)
    return said, f"{day:%Y%m%d}"


def clock_time(chance: random.Random) -> Value:
    hour, minute = chance.randint(1, 12), chance.randrange(60)
    after = words(hour % 12 + 1)
    name = words(hour)
    form = chance.randrange(8)
    if form == 0:
        return f"half past {name}", f"{hour:02}30?"
    if form == 1:
        return f"quarter to {after}", f"{hour:02}45?"
    if form == 2:
        return f"{words(minute % 4 * 5 + 5)} past {name}", f"{hour:02}{minute % 4 * 5 + 5:02}?"
    if form == 3:
        return f"{name} o'clock", f"{hour:02}00?"
    if form == 4:
        late = hour % 11 + 13
        return f"{words(late)} hundred hours", f"{late}00h"
    said = f"{name} {words(minute)}" if minute > 9 else f"{name} oh {words(minute or 1)}"
    half, letter = chance.choice(
        ((" am", "a"), (" pm", "p"), (" in the afternoon", "p"), ("", "?"))
    )
    return said + half, f"{hour:02}{minute or 1:02}{letter}"


def phone(chance: random.Random) -> Value:
    area, line = chance.randint(200, 989), chance.randint(1000, 9999)
    exchange = chance.randint(200, 989)
    figures = f"{area}{exchange}{line}"
    form = chance.randrange(4)
    if form == 0:
        said = _dialled(chance, f"{exchange}{line}")
        return f"eight hundred {said}", f"800{exchange}{line}"
    if form == 1 and line % 100 > 9 and line // 100 % 10:
        pair = f"{words(line // 100)} {words(line % 100)}"
        return f"{_dialled(chance, f'{area}{exchange}')} {pair}", figures
    if form == 2:
        inner = f"{chance.randint(10, 999)}"
        return f"{_dialled(chance, figures)} extension {_dialled(chance, inner)}", (
            f"{figures}x{inner}"
        )
    return _dialled(chance, figures), figures


VALUES: dict[str, Draw] = {
    "boolean": boolean,
    "digits": digits,
    "number": number,
    "currency": currency,
    "date": calendar_date,
    "time": clock_time,
    "phone": phone,
}
