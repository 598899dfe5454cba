"""A contact that goes on elsewhere: where it stood, or where that is gone at a sensible place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from voicebot.flows.commands import Act, Listen, Say
from voicebot.flows.events import NoMatch
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import FlowSet
from voicebot.flows.state import FlowState, Waiting

from .conftest import Conversation, words

Converse = Callable[..., Conversation]
Flows = Callable[..., FlowSet]

MENU = """
start: greet
steps:
  greet: {say: Hello., next: menu}
  menu: {ask: Which?, grammar: answers, store: wish, next: {day: day, look: look, else: menu}}
  day: {ask: Which day?, grammar: days, confirm: {ask: "{answer}?", grammar: yes}, next: menu}
  look: {act: look, next: menu, on_error: menu}
"""
WITHOUT_DAY = """
start: greet
steps:
  greet: {say: Hello again., next: menu}
  menu: {ask: Which one?, grammar: answers, store: wish, next: {else: menu}}
"""
OTHER = """
start: first
steps:
  first: {ask: "What about {wish}?", grammar: answers, next: first}
"""
FORM = """
start: trip
steps:
  trip:
    form:
      city: {ask: Where to?, grammar: city}
      day: {ask: Which day?, grammar: day}
    next: end
  end: {hangup: auto}
"""
SHORTER_FORM = """
start: trip
steps:
  trip:
    form:
      city: {ask: Where to then?, grammar: city, carry: true}
      hour: {ask: What time?, grammar: hour}
    next: end
  end: {hangup: auto}
"""


def taken_up(flows: FlowSet, state: FlowState, **facts: str) -> tuple[FlowState, list[str], object]:
    """The state, what is said, and what is waited for."""
    state, commands = Interpreter(flows).rejoin(state, facts)
    return state, [words(c.prompt) for c in commands if isinstance(c, Say)], commands[-1]


def test_the_question_is_asked_again_where_the_contact_stood(
    converse: Converse, flow_set: Flows
) -> None:
    talk = converse(main=MENU).hear("day")
    state, said, last = taken_up(flow_set(main=MENU), talk.state, channel="text")
    assert said == ["Which day?"]
    assert isinstance(last, Listen)
    assert state.variables == {**talk.state.variables, "channel": "text"}


def test_a_confirmation_is_asked_again(converse: Converse, flow_set: Flows) -> None:
    talk = converse(main=MENU).hear("day").hear("Monday", grammar="days")
    state, said, _ = taken_up(flow_set(main=MENU), talk.state)
    assert said == ["Monday?"]
    assert state.waiting is Waiting.CONFIRMATION


def test_a_contact_that_has_not_begun_begins(flow_set: Flows) -> None:
    flows = flow_set(main=MENU)
    state, said, _ = taken_up(flows, Interpreter(flows).begin(), channel="text")
    assert said == ["Hello.", "Which?"]
    assert state.variables["channel"] == "text"


def test_a_contact_that_stands_at_any_other_step_goes_on_from_it(
    converse: Converse, flow_set: Flows
) -> None:
    talk = converse(main=MENU).hear("look")
    _, said, last = taken_up(flow_set(main=MENU), talk.state)
    assert (said, last) == ([], Act("look", {}, None))


def test_a_place_that_is_gone_gives_way_to_the_last_question_that_is_there(
    converse: Converse, flow_set: Flows
) -> None:
    talk = converse(main=MENU).hear("day").tell(NoMatch("what"))
    state, said, _ = taken_up(flow_set(main=WITHOUT_DAY), talk.state)
    assert said == ["Which one?"]
    assert (state.step, state.variables["wish"]) == ("menu", "day")


def test_where_nothing_is_left_it_begins_with_what_is_known(
    converse: Converse, flow_set: Flows
) -> None:
    talk = converse(main=MENU).hear("day")
    state, said, _ = taken_up(flow_set(main=OTHER), talk.state)
    assert said == ["What about day?"]
    assert state.waiting is Waiting.INPUT


def test_a_form_goes_on_with_what_it_has(converse: Converse, flow_set: Flows) -> None:
    talk = converse(main=FORM).hear({"filled": {"city": "Rome"}}, grammar="form")
    _, said, _ = taken_up(flow_set(main=FORM), talk.state)
    assert said == ["Which day?"]


def test_a_form_whose_slots_have_changed_is_opened_anew_and_keeps_what_it_can(
    converse: Converse, flow_set: Flows
) -> None:
    talk = converse(main=FORM).hear({"filled": {"city": "Rome"}}, grammar="form")
    state, said, _ = taken_up(flow_set(main=SHORTER_FORM), talk.state)
    assert said == ["What time?"]
    assert state.variables["city"] == "Rome"


def test_a_confirmation_of_nothing_becomes_the_question(
    converse: Converse, flow_set: Flows
) -> None:
    talk = converse(main=MENU).hear("day").hear("Monday", grammar="days")
    state, _, _ = taken_up(flow_set(main=MENU), replace(talk.state, pending=None))
    assert state.waiting is Waiting.INPUT
