"""Opening hours as a designer writes them.

    office:
      zone: Europe/Berlin
      mon-fri: 09:00-17:00
      sat: [09:00-12:00, 13:00-15:00]
      holidays:
        2026-12-24: 09:00-12:00
        2026-12-25: closed

An end at or before its beginning (``22:00-06:00``) lies in the next day. Days not named are closed.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from voicebot.acd.hours import DAY_MIN, Hours, Span
from voicebot.document import Node, Place, suggest
from voicebot.queues.fields import items, mapping, text

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SPAN = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)")
_HOW = "Write it like 09:00-17:00, or 'closed'."


def read_hours(node: Node) -> Hours:
    """Read one table of hours. Raises FlowError at the place of the fault."""
    table = mapping(node, "hours")
    zone, holidays = ZoneInfo("UTC"), {}
    week: list[tuple[Span, ...]] = [()] * 7
    named: set[int] = set()
    for key, value in table.entries.items():
        if key == "zone":
            zone = _zone(value)
        elif key == "holidays":
            dates = mapping(value, "holidays")
            for day, spans in dates.entries.items():
                holidays[_date(day, dates.key_places[day])] = _spans(spans)
        else:
            for index in _days(key, table.key_places[key]):
                if index in named:
                    raise table.key_places[key].error(f"{DAYS[index]} stands twice", "Keep one.")
                named.add(index)
                week[index] = _spans(value)
    return Hours(zone, tuple(week), holidays)


def _zone(node: Node) -> ZoneInfo:
    name = text(node)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise node.place.error(
            f"there is no time zone '{name}'", "Write it like Europe/Berlin."
        ) from None


def _date(day: str, place: Place) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise place.error(f"'{day}' is no date", "Write it like 2026-12-25.") from None


def _days(key: str, place: Place) -> range:
    first, _, last = key.partition("-")
    last = last or first
    for day in (first, last):
        if day not in DAYS:
            raise place.error(f"unknown day '{day}'", suggest(day, (*DAYS, "zone", "holidays")))
    if DAYS.index(last) < DAYS.index(first):
        raise place.error(f"'{key}' runs backwards", "Monday is the first day.")
    return range(DAYS.index(first), DAYS.index(last) + 1)


def _spans(node: Node) -> tuple[Span, ...]:
    spans = tuple(_span(item) for item in items(node) if text(item) != "closed")
    for before, after in pairwise(spans):
        if after.start < before.end:
            raise node.place.error("these hours overlap", "Put them in order, without overlap.")
    return spans


def _span(node: Node) -> Span:
    match = _SPAN.fullmatch(text(node))
    if match is None:
        raise node.place.error(f"'{text(node)}' is no span of time", _HOW)
    hour, minute, end_hour, end_minute = map(int, match.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if hour > 23 or max(minute, end_minute) > 59 or end > DAY_MIN:
        raise node.place.error(f"'{text(node)}' is no span of time", _HOW)
    return Span(start, end if end > start else end + DAY_MIN)
