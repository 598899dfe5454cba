"""Grammars that are made of a list while the call runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.flows.conftest import Conversation
from voicebot.errors import FlowError
from voicebot.flows.commands import Listen, ListGrammar
from voicebot.flows.events import ActionDone, Ambiguous
from voicebot.flows.model import FlowSet
from voicebot.flows.validation import validate
from voicebot.types import Json, Language

FLOW = """
language: en-GB
start: look
commands: {{grammar: commands}}
steps:
  look: {{act: orders, store: orders, next: which, on_error: bye}}
  which:
    ask: Which one?
    grammar: {grammar}
    store: order
    next: tell
  tell: {{say: "Order {{order}}.", next: bye}}
  bye: {{hangup: auto}}
"""
ORDERS: Json = [
    {"title": "Red shoes", "id": 7, "also": ["shoes", "trainers"], "by": {"name": "Ann"}},
    {"title": "Hat", "id": 8},
]


@pytest.fixture
def grammars(converse: Callable[..., Conversation]) -> Callable[..., tuple[Any, ...]]:
    """What is listened for after the action gave ``value``."""

    def listen(grammar: str, value: Json = ORDERS) -> tuple[Any, ...]:
        talk = converse(main=FLOW.format(grammar=grammar)).tell(ActionDone(value))
        assert isinstance(talk.last, Listen)
        return talk.last.grammars

    return listen


def test_items_come_from_a_variable(grammars: Callable[..., tuple[Any, ...]]) -> None:
    listed, commands = grammars('{list: "{orders}", item: title, value: id}')

    assert listed == ListGrammar((("Red shoes", 7), ("Hat", 8)), Language("en-GB"))
    assert commands == "commands"


@pytest.mark.parametrize(
    ("grammar", "items"),
    [
        ('{list: "{orders}", item: [title, also], value: by.name}',
         (("Red shoes", "Ann"), ("shoes", "Ann"), ("trainers", "Ann"), ("Hat", None))),
        ('{list: "{orders}", item: by.name, value: id}', (("Ann", 7), ("", 8))),
        ('{list: "{orders.0.also}"}', (("shoes", "shoes"), ("trainers", "trainers"))),
        ("{list: [red, 12, true, null]}", (("red", "red"), ("12", 12), ("", True), ("", None))),
        ('{list: "{orders.1.id}"}', ()),
        ('{list: "{orders.none}"}', ()),
    ],
)  # fmt: skip
def test_fields_say_what_is_spoken_and_meant(
    grammars: Callable[..., tuple[Any, ...]], grammar: str, items: object
) -> None:
    assert grammars(grammar)[0].items == items


def test_item_without_value_means_itself(grammars: Callable[..., tuple[Any, ...]]) -> None:
    assert grammars('{list: "{orders}", item: title}')[0].items[1] == (
        "Hat",
        {"title": "Hat", "id": 8},
    )


def test_list_stands_beside_other_grammars_in_their_order(
    grammars: Callable[..., tuple[Any, ...]],
) -> None:
    found = grammars('[numbers, {list: "{orders}", item: title}, numbers]')

    assert [getattr(grammar, "name", grammar) for grammar in found] == [
        "numbers",
        "list",
        "commands",
    ]


def test_answer_from_a_list_is_stored(converse: Callable[..., Conversation]) -> None:
    grammar = '{list: "{orders}", item: title, value: id}'
    talk = converse(main=FLOW.format(grammar=grammar)).tell(ActionDone(ORDERS))

    assert talk.hear(8, grammar="list").said[0] == "Order 8."


def test_flow_without_faults_is_valid(flow_set: Callable[..., FlowSet]) -> None:
    assert validate(flow_set(main=FLOW.format(grammar='{list: "{orders}"}'))) == []


def test_misspelt_variable_is_found(flow_set: Callable[..., FlowSet]) -> None:
    (problem,) = validate(flow_set(main=FLOW.format(grammar='{list: "{ordrs}"}')))

    assert str(problem) == (
        "flows/main.yaml:9:23: variable 'ordrs' is set nowhere. Did you mean 'orders'?"
    )


@pytest.mark.parametrize(
    ("grammar", "message"),
    [
        ("{item: title}", "a grammar's list has no 'list'"),
        ("{list: orders}", "expected a list, or one placeholder of a variable that holds one"),
        ('{list: "a {orders}"}', "expected a list, or one placeholder"),
        ('{list: "{orders}", items: title}', "unknown key in a grammar's list: 'items'"),
        ('{list: "{orders}", item: "a b"}', "'a b' is not the name of a field"),
        ('[{list: "{orders}", value: []}]', "expected the name of a field"),
        ('{list: "{orders |}"}', "no way to read a value out"),
    ],
)
def test_fault_in_a_list_is_named(
    reading: Callable[..., tuple[object, list[FlowError]]], grammar: str, message: str
) -> None:
    _, problems = reading(FLOW.format(grammar=grammar))

    assert any(message in str(problem) for problem in problems), [str(each) for each in problems]


def test_caller_is_asked_which_of_two_near_items_was_meant(
    flow_set: Callable[..., FlowSet],
) -> None:
    flow = """
start: who
which: "Did you mean {options}?"
steps:
  who: {ask: Who?, grammar: {list: [Peter, Petra], near: true}, next: end}
  end: {hangup: auto}
"""
    talk = Conversation(flow_set(main=flow)).start()

    assert talk.tell(Ambiguous(("Peter", "Petra"))).said == ["Did you mean Peter, Petra?"]
    assert isinstance(talk.last, Listen)
