"""How many contacts come when: from a table in text, or from the moments at which calls began.

The table is comma-separated (RFC 4180; semicolons and tabs too, as spreadsheets write them), with a
header. Left out on purpose: values that run over several lines.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from voicebot.acd.staffing import Interval
from voicebot.errors import SourceError

COLUMNS = ("start", "contacts", "handling_s")
_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOW = "Begin with a line 'start,contacts' or 'start,contacts,handling_s'."


def average_week(
    starts: Iterable[float], zone: ZoneInfo, length_min: int, handling_s: float
) -> list[Interval]:
    """Contacts of an average week: for every weekday and interval of the day in which any came.

    ``starts`` are UTC seconds since the epoch, ``length_min`` divides a day. Averages are over all
    the days from the first start to the last, so that a day without calls counts; times are those
    on the wall, on nights when the clock changes too.
    """
    found: Counter[tuple[int, int]] = Counter()
    days: set[date] = set()
    for start in starts:
        local = datetime.fromtimestamp(start, zone)
        days.add(local.date())
        minute = local.hour * 60 + local.minute
        found[local.weekday(), minute - minute % length_min] += 1
    weekdays = _count_weekdays(days)
    return [
        Interval(
            f"{_WEEK[day]} {minute // 60:02d}:{minute % 60:02d}",
            count / weekdays[day],
            handling_s,
            length_min * 60,
        )
        for (day, minute), count in sorted(found.items())
    ]


def _count_weekdays(days: set[date]) -> Counter[int]:
    if not days:
        return Counter()
    first, last = min(days), max(days)
    return Counter(
        (first + timedelta(days=number)).weekday() for number in range((last - first).days + 1)
    )


def read_table(text: str, name: str, length_min: int, handling_s: float) -> list[Interval]:
    """Intervals from a table; ``handling_s`` is for rows (or tables) without their own.

    Raises SourceError with line and column for what is wrong.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    rows = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise SourceError(name, 0, 0, "is empty", _HOW)
    number, line = rows[0]
    sign = next((each for each in ";\t" if each in line), ",")
    table = _Table(name, sign, _header(_cells(line, sign), name, number))
    return [table.interval(*row, length_min * 60, handling_s) for row in rows[1:]]


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    column: int


def _cells(line: str, sign: str) -> list[_Cell]:
    """The values of a line, each with the column (from 1) where it begins."""
    columns, quoted = [1], False
    for offset, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter == sign and not quoted:
            columns.append(offset + 2)
    values = next(csv.reader([line], delimiter=sign))
    return [_Cell(value.strip(), at) for value, at in zip(values, columns, strict=False)]


def _header(cells: Sequence[_Cell], name: str, line: int) -> dict[str, int]:
    places: dict[str, int] = {}
    for index, cell in enumerate(cells):
        if cell.text not in COLUMNS or cell.text in places:
            what = "stands twice" if cell.text in places else "is no column of this table"
            raise SourceError(name, line, cell.column, f"'{cell.text}' {what}", _HOW)
        places[cell.text] = index
    for wanted in COLUMNS[:2]:
        if wanted not in places:
            raise SourceError(name, line, 1, f"the column '{wanted}' is missing", _HOW)
    return places


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    sign: str
    places: dict[str, int]

    def interval(self, number: int, line: str, length_s: float, handling_s: float) -> Interval:
        cells = _cells(line, self.sign)
        if len(cells) != len(self.places):
            raise SourceError(
                self.name,
                number,
                len(line) + 1,
                f"{len(cells)} values stand here, and the header has {len(self.places)}",
            )
        contacts = self._number(number, cells[self.places["contacts"]], zero=True)
        if "handling_s" in self.places and (own := cells[self.places["handling_s"]]).text:
            handling_s = self._number(number, own, zero=False)
        return Interval(cells[self.places["start"]].text, contacts, handling_s, length_s)

    def _number(self, line: int, cell: _Cell, *, zero: bool) -> float:
        try:
            value = float(cell.text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and (value > 0 or (zero and value == 0))):
            remedy = f"Give {'0 or more' if zero else 'more than 0'}, like 12.5."
            problem = f"'{cell.text}' is no number that can be used"
            raise SourceError(self.name, line, cell.column, problem, remedy)
        return value
