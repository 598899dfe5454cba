"""What a flow may pass to an action."""

from __future__ import annotations

import pytest

from voicebot.actions.arguments import Argument, Kind, Scalar, bind
from voicebot.errors import ActionError
from voicebot.types import Json


@pytest.mark.parametrize(
    ("kind", "given", "bound"),
    [
        (Kind.DIGITS, "4271", "4271"),
        (Kind.DIGITS, "0042", "0042"),
        (Kind.DIGITS, "4 2 7 1", "4271"),
        (Kind.DIGITS, 4271, "4271"),
        (Kind.TEXT, "a blue one", "a blue one"),
        (Kind.TEXT, 7, "7"),
        (Kind.INTEGER, "12", 12),
        (Kind.INTEGER, 12.0, 12),
        (Kind.NUMBER, "19.5", 19.5),
        (Kind.NUMBER, 3, 3),
        (Kind.BOOLEAN, False, False),
        (Kind.DATE, "2026-11-24", "2026-11-24"),
    ],
)
def test_a_fitting_value_is_taken(kind: Kind, given: Json, bound: Scalar) -> None:
    assert bind("a", (Argument("x", kind),), {"x": given}) == {"x": bound}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (Kind.DIGITS, "42a"),
        (Kind.DIGITS, ""),
        (Kind.DIGITS, "٤٢"),
        (Kind.DIGITS, "1" * 65),
        (Kind.DIGITS, True),
        (Kind.DIGITS, -5),
        (Kind.TEXT, "x" * 1001),
        (Kind.TEXT, "a\0b"),
        (Kind.TEXT, ["a"]),
        (Kind.INTEGER, "1.5"),
        (Kind.INTEGER, 1.5),
        (Kind.INTEGER, 2**63),
        (Kind.INTEGER, True),
        (Kind.INTEGER, float("inf")),
        (Kind.INTEGER, "9" * 5000),
        (Kind.NUMBER, "nan"),
        (Kind.NUMBER, {"a": 1}),
        (Kind.BOOLEAN, "yes please"),
        (Kind.DATE, "24.11.2026"),
        (Kind.DATE, 5),
    ],
)
def test_a_bad_value_is_named_but_never_shown(kind: Kind, given: Json) -> None:
    with pytest.raises(ActionError, match="argument 'x' is not") as caught:
        bind("a", (Argument("x", kind),), {"x": given})
    assert str(given) not in str(caught.value) or not str(given)


def test_a_missing_argument_is_an_error() -> None:
    with pytest.raises(ActionError, match="argument 'x' is missing"):
        bind("a", (Argument("x", Kind.TEXT),), {})


def test_an_optional_argument_is_null_without_a_value() -> None:
    assert bind("a", (Argument("x", Kind.TEXT, optional=True),), {}) == {"x": None}


def test_an_unknown_argument_names_those_there_are() -> None:
    with pytest.raises(ActionError, match=r"no argument 'y'; its arguments: x"):
        bind("a", (Argument("x", Kind.TEXT),), {"x": "1", "y": "2"})
