"""Prompts with values filled in."""

from __future__ import annotations

import pytest

from voicebot.document import Place
from voicebot.errors import FlowError
from voicebot.flows.template import Template, parse_template
from voicebot.types import Json, Prompt, SayAs, Value

VARIABLES: dict[str, Json] = {
    "order": {"number": "4271", "total": 84.5},
    "none": None,
    "tries": 1,
    "ok": True,
}


def template(text: str) -> Template:
    return parse_template(text, lambda offset: Place("f.yaml", 1, 1 + offset))


def test_text_and_values_become_the_parts_of_a_prompt() -> None:
    prompt = template("Order {order.number|digits} costs {order.total | money}.").prompt(VARIABLES)

    assert prompt == Prompt(
        (
            "Order ",
            Value("4271", SayAs.DIGITS),
            " costs ",
            Value(84.5, SayAs.MONEY),
            ".",
        )
    )


def test_text_without_placeholders_is_static() -> None:
    assert template("We are {{open}}.").prompt({}) == Prompt(("We are {open}.",))
    assert template("We are open.").is_static
    assert not template("{x}").is_static


def test_null_is_left_out_and_true_is_yes() -> None:
    assert template("{none}{ok}").prompt(VARIABLES) == Prompt((Value("yes"),))


def test_lists_are_joined() -> None:
    assert template("{x}").prompt({"x": ["a", 2]}) == Prompt((Value("a, 2"),))


def test_folded_lines_are_one_line() -> None:
    assert template(" One\n  two {x}\n three ").prompt({"x": 1}) == Prompt(
        ("One two ", Value(1), " three")
    )


def test_a_lone_placeholder_keeps_its_type() -> None:
    assert template("{order}").value(VARIABLES) == VARIABLES["order"]
    assert template("{tries + 1}").value(VARIABLES) == 2
    assert template("try {tries}").value(VARIABLES) == "try 1"
    assert template("{none}").value(VARIABLES) is None


def test_a_brace_inside_quotes_ends_nothing() -> None:
    assert template("{x == '}'}").value({"x": "}"}) is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Hi {x|digit}",
            "f.yaml:1:7: 'digit' is no way to read a value out. Did you mean 'digits'?",
        ),
        ("Hi {x", "f.yaml:1:4: '{' stands alone: it is never closed"),
        ("Hi x}", "f.yaml:1:5: '}' stands alone: it was never opened"),
        ("Hi {}", "f.yaml:1:5: an empty placeholder"),
        ("Hi { |date}", "f.yaml:1:5: an empty placeholder"),
        ("Hi {a =} you", "f.yaml:1:7: '=' has no meaning here"),
    ],
)
def test_fault_is_pointed_at(text: str, message: str) -> None:
    with pytest.raises(FlowError) as caught:
        template(text)

    assert str(caught.value).startswith(message)
