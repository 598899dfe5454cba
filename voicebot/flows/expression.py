"""The tree of a condition or value, and its evaluation over a flow's variables.

Evaluation never raises: callers must not suffer for a variable that an action left empty. A name
that is not there is null, a comparison that makes no sense is false, arithmetic on what is no
number is null. Misspelt names are found when the flow is checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from voicebot.document import Place
from voicebot.types import Json


@dataclass(frozen=True, slots=True)
class Literal:
    value: Json


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name: ``order.items.0`` is the first of the list ``items`` of ``order``."""

    path: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class ListOf:
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """``operator`` is one of and, or, ==, !=, <, <=, >, >=, in, not in, +, -."""

    operator: str
    left: Expression
    right: Expression


Expression: TypeAlias = Literal | Name | ListOf | Not | Binary


def evaluate(expression: Expression, variables: Mapping[str, Json]) -> Json:
    """The value of ``expression``; ``and`` and ``or`` give true or false."""
    match expression:
        case Literal(value):
            return value
        case Name(path):
            return look_up(path, dict(variables))
        case ListOf(items):
            return [evaluate(item, variables) for item in items]
        case Not(operand):
            return not evaluate(operand, variables)
        case Binary("and", left, right):
            return bool(evaluate(left, variables)) and bool(evaluate(right, variables))
        case Binary("or", left, right):
            return bool(evaluate(left, variables)) or bool(evaluate(right, variables))
        case Binary(operator, left, right):
            return _apply(operator, evaluate(left, variables), evaluate(right, variables))


def holds(expression: Expression, variables: Mapping[str, Json]) -> bool:
    """Whether the condition is true: null, false, 0 and what is empty are not."""
    return bool(evaluate(expression, variables))


def names(expression: Expression) -> Iterator[Name]:
    """Every name that the expression reads."""
    match expression:
        case Name():
            yield expression
        case Not(operand):
            yield from names(operand)
        case ListOf(items):
            for item in items:
                yield from names(item)
        case Binary(_, left, right):
            yield from names(left)
            yield from names(right)


def look_up(path: Sequence[str], value: Json) -> Json:
    """What stands in ``value`` at the end of ``path``; null where there is no such thing."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _apply(operator: str, left: Json, right: Json) -> Json:
    if operator in {"==", "!="}:
        return _equal(left, right) is (operator == "==")
    if operator in {"in", "not in"}:
        return _contains(right, left) is (operator == "in")
    numbers = _as_numbers(left, right)
    if operator in {"+", "-"}:
        return _calculated(operator, numbers) if numbers is not None else None
    if numbers is not None:
        return _ordered(operator, *numbers)
    if isinstance(left, str) and isinstance(right, str):
        return _ordered(operator, left, right)
    return False


def _calculated(operator: str, numbers: tuple[float, float]) -> Json:
    left, right = numbers
    try:
        return left + right if operator == "+" else left - right
    except OverflowError:  # a whole number that no float can hold met a float
        return None


def _ordered(operator: str, left: float | str, right: float | str) -> bool:
    # Both are numbers or both are texts: `_apply` sees to it.
    below = left < right  # type: ignore[operator]
    return {
        "<": below,
        "<=": below or left == right,
        ">": not below and left != right,
        ">=": not below,
    }[operator]


def _contains(container: Json, item: Json) -> bool:
    if isinstance(container, str):
        return isinstance(item, str) and item in container
    if isinstance(container, list):
        return any(_equal(item, member) for member in container)
    return isinstance(container, dict) and item in container


def _equal(left: Json, right: Json) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    numbers = _as_numbers(left, right)
    return numbers[0] == numbers[1] if numbers is not None else left == right


def _as_numbers(left: Json, right: Json) -> tuple[float, float] | None:
    """Both as numbers, where at least one is: grammars and databases give digits as text."""
    if isinstance(left, str) and isinstance(right, str):
        return None
    first, second = _number(left), _number(right)
    return None if first is None or second is None else (first, second)


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if not isinstance(value, str):
        return value
    digits = value.removeprefix("-").replace(".", "", 1)
    return float(value) if digits.isascii() and digits.isdecimal() else None


def written(expression: Expression) -> str:
    """The expression as a designer would write it, brackets only where they are needed."""
    match expression:
        case Literal(None):
            return "null"
        case Literal(bool() as value):
            return "true" if value else "false"
        case Literal(str() as value):
            return f"'{value}'"
        case Literal(value):
            return str(value)
        case Name(path):
            return ".".join(path)
        case ListOf(items):
            return f"[{', '.join(written(item) for item in items)}]"
        case Not(operand):
            return f"not {_bracketed(operand, 'not')}"
        case Binary(operator, left, right):
            return f"{_bracketed(left, operator)} {operator} {_bracketed(right, operator)}"


def _bracketed(expression: Expression, within: str) -> str:
    text = written(expression)
    if not isinstance(expression, Binary) or expression.operator == within in {"and", "or"}:
        return text
    loose = {"or": 0, "and": 1, "not": 2}
    inner = loose.get(expression.operator, 3)
    return text if inner > loose.get(within, 3) else f"({text})"
