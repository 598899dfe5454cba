"""The notation of conditions, and their values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.document import Place
from voicebot.errors import FlowError
from voicebot.flows.conditions import parse_condition
from voicebot.flows.expression import Expression, evaluate, holds, names
from voicebot.types import Json

VARIABLES: dict[str, Json] = {
    "order": {"status": "shipped", "number": "4271", "items": ["hat", "coat"], "total": 12.5},
    "tries": 2,
    "empty": "",
    "yes": True,
    "huge": 10**400,
}


def condition(text: str) -> Expression:
    return parse_condition(text, lambda offset: Place("f.yaml", 1, 1 + offset))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("order.status == 'shipped'", True),
        ("order.status != 'shipped'", False),
        ("order.number == 4271", True),
        ("order.items.1", "coat"),
        ("order.items.9", None),
        ("tries >= 2 and not empty", True),
        ("tries + 1 - 4", -1),
        ("-tries", -2),
        ("missing == null", True),
        ("missing.deeper.still == null", True),
        ("missing < 3", False),
        ("missing + 1", None),
        ("yes == true", True),
        ("yes == 1", False),
        ("order.status in ['packed', 'shipped']", True),
        ("order.status not in ['packed']", True),
        ("'hip' in order.status", True),
        ("'status' in order", True),
        ("false or true and false", False),
        ("(false or true) and true", True),
        ("not not tries", True),
        ("order.total > 12", True),
        ("'b' > 'a'", True),
        ("order < 3", False),
        ("huge + 1.5", None),
        ("[1, 'two', null]", [1, "two", None]),
    ],
)
def test_value(text: str, value: Json) -> None:
    assert evaluate(condition(text), VARIABLES) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("order = 1", "f.yaml:1:7: '=' has no meaning here. Write '==' to compare."),
        ("a && b", "f.yaml:1:3: '&' has no meaning here. Write 'and'."),
        ("a ==", "f.yaml:1:5: expected a name or a value, not the end"),
        ("(a", "f.yaml:1:3: expected ')', not the end"),
        ("a b", "f.yaml:1:3: expected an operator such as '==' or 'and', not 'b'"),
        ("1 < a < 3", "f.yaml:1:7: expected 'and' between two comparisons, not '<'"),
        ("a not b", "f.yaml:1:7: expected 'in' after 'not', not 'b'"),
        ("'open", "f.yaml:1:1: ''' has no meaning here. Close the quote."),
        ("  ", "f.yaml:1:1: an empty expression"),
        ("f(1)", "f.yaml:1:2: expected an operator"),
        ("(" * 40 + "a", "f.yaml:1:32: nested too deeply"),
        ("not " * 40 + "a", "f.yaml:1:125: nested too deeply"),
    ],
)
def test_fault_is_pointed_at(text: str, message: str) -> None:
    with pytest.raises(FlowError) as caught:
        condition(text)

    assert str(caught.value).startswith(message)


def test_names_are_found_with_their_places() -> None:
    found = [(name.path, name.place.column) for name in names(condition("a.b == 1 or [c] == d"))]

    assert found == [(("a", "b"), 1), (("c",), 14), (("d",), 20)]


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}])
def test_what_is_empty_does_not_hold(value: Json) -> None:
    assert not holds(condition("x"), {"x": value})


_PIECES = [
    "a",
    "b.c",
    "1",
    "'x'",
    "and",
    "or",
    "not",
    "in",
    "==",
    "<",
    "+",
    "-",
    "(",
    ")",
    "[",
    "]",
]

_VALUES: list[Json] = [None, True, 3, 10**400, 0.5, "x", "12", [1, "x"], {"c": 2.5}]


@given(
    st.lists(st.sampled_from(_PIECES), max_size=12),
    st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(_VALUES)),
)
def test_whatever_can_be_read_can_be_evaluated(
    pieces: list[str], variables: dict[str, Json]
) -> None:
    try:
        expression = condition(" ".join(pieces))
    except FlowError:
        return
    evaluate(expression, variables)
