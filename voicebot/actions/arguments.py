"""The typed arguments of an action: what a flow may pass, and how it is checked.

Whatever a caller said ends up here, so a bad value is named by argument and kind, never shown.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from voicebot.errors import ActionError
from voicebot.types import Json

MAX_TEXT = 1000
"""Characters of a text argument; a caller's answer never is that long."""

MAX_DIGITS = 64

MAX_ITEMS = 1000
"""Items of an argument that is a list."""


class Kind(StrEnum):
    """What an argument holds.

    ``text``     any text of at most `MAX_TEXT` characters
    ``digits``   a string of 0-9, such as an order number; a whole number is taken as its digits
    ``integer``  a whole number of at most 63 bits
    ``number``   any finite number
    ``boolean``  true or false
    ``date``     a day, ISO 8601 (``2026-11-24``)
    """

    TEXT = "text"
    DIGITS = "digits"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"


Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument; an optional one is null where the flow passes nothing. ``many``: a list of at
    most `MAX_ITEMS` values of the kind."""

    name: str
    kind: Kind
    optional: bool = False
    many: bool = False


def bind(action: str, declared: tuple[Argument, ...], given: Mapping[str, Json]) -> dict[str, Json]:
    """Check ``given`` against what the action declares.

    Raises ActionError for a missing, unknown or badly typed argument.
    """
    known = {argument.name for argument in declared}
    for name in given:
        if name not in known:
            takes = ", ".join(sorted(known)) or "none"
            raise ActionError(action, f"there is no argument '{name}'; its arguments: {takes}")
    return {argument.name: _checked(action, argument, given) for argument in declared}


def _checked(action: str, argument: Argument, given: Mapping[str, Json]) -> Json:
    value = given.get(argument.name)
    if value is None:
        if argument.optional:
            return None
        raise ActionError(action, f"argument '{argument.name}' is missing")
    check, like = _CHECKS[argument.kind], _LIKE[argument.kind]
    try:
        return _items(value, check) if argument.many else check(value)
    except (ValueError, TypeError, OverflowError):
        like = f"a list of at most {MAX_ITEMS}, each {like}" if argument.many else like
        raise ActionError(action, f"argument '{argument.name}' is not {like}") from None


def _items(value: Json, check: Callable[[Json], Scalar]) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError
    if len(value) > MAX_ITEMS:
        raise ValueError
    return [check(item) for item in value]


def _text(value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    text = str(value)
    if len(text) > MAX_TEXT or "\0" in text:
        raise ValueError
    return text


def _digits(value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError
    text = "".join(str(value).split())
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise ValueError
    return text


def _integer(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    if isinstance(value, str) and len(value) > MAX_DIGITS:
        raise ValueError
    whole = int(value)
    if (isinstance(value, float) and whole != value) or not -(2**63) <= whole < 2**63:
        raise ValueError
    return whole


def _number(value: Json) -> int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return value if isinstance(value, int) else number


def _boolean(value: Json) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _date(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError
    return datetime.date.fromisoformat(value).isoformat()


_CHECKS: Mapping[Kind, Callable[[Json], Scalar]] = {
    Kind.TEXT: _text,
    Kind.DIGITS: _digits,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
}

_LIKE: Mapping[Kind, str] = {
    Kind.TEXT: f"a text of at most {MAX_TEXT} characters",
    Kind.DIGITS: "a string of digits",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: "a date like 2026-11-24",
}
