"""Forms: asking for what is missing, corrections, confirming by confidence, leaving and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from voicebot.errors import FlowError
from voicebot.flows.commands import FormGrammar, Listen
from voicebot.flows.events import NoInput, NoMatch
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.validation import validate
from voicebot.types import Json, Mode

from .conftest import Conversation

Converse = Callable[..., Conversation]
Reading = Callable[..., tuple[Flow | None, list[FlowError]]]

FLOW = """
start: first
commands:
  grammar: commands
  steps: {operator: agent, menu: first}
trouble: {next: agent}
steps:
  first: {ask: What for?, grammar: wish, next: trip}
  trip:
    say: Let us see.
    title: your trip
    form:
      city:
        ask: Where to?
        again: Which city, please?
        grammar: city
        keys: {"1": Rome}
        called: town
        carry: true
        confirm: {ask: "{city}, right?", ask_below: 0.5, say: "To {city}.", say_below: 0.9}
      day: {ask: Which day?, grammar: day}
      seat: {ask: Which seat?, grammar: seat, if: city != 'Rome', default: any}
    grammar: whole
    corrected: Fine.
    resume: Back to your trip.
    aside: {grammar: wish, steps: {hours: hours, operator: agent}}
    store: trip
    next: tell
  tell: {say: "{city}, {day}, {seat}.", ask: More?, grammar: wish, next: {trip: trip, end: end}}
  hours: {say: Always open., next: back}
  agent: {say: A person., transfer: agents, on_failure: back}
  back: {return: true}
  end: {hangup: auto}
"""


def said_about(
    talk: Conversation, confidence: float = 1.0, denied: Json = None, **filled: Json
) -> Conversation:
    """Words that the grammar of the form holds."""
    meaning: Json = {"filled": filled, "denied": denied or {}, "corrected": denied is not None}
    return talk.hear(meaning, grammar="form", confidence=confidence)


def no(talk: Conversation) -> Conversation:
    return said_about(talk, denied={})


@pytest.fixture
def talk(converse: Converse) -> Conversation:
    return converse(main=FLOW).hear("trip", grammar="wish")


def test_form_asks_for_one_slot_after_the_other(talk: Conversation) -> None:
    assert talk.said == ["Let us see.", "Where to?"]
    assert talk.hear("Oslo", grammar="city").said == ["Which day?"]
    assert talk.hear("Friday", grammar="day").said == ["Which seat?"]
    assert talk.hear("window", grammar="seat").said == ["Oslo, Friday, window.", "More?"]
    assert talk.state.variables["trip"] == {"city": "Oslo", "day": "Friday", "seat": "window"}
    assert talk.state.forms == ()


def test_one_sentence_fills_several_slots_and_only_the_rest_is_asked_for(
    talk: Conversation,
) -> None:
    assert said_about(talk, day="Friday", city="Oslo").said == ["Which seat?"]


def test_object_fills_every_slot_that_it_names(talk: Conversation) -> None:
    talk.hear({"intent": "go", "city": "Oslo", "seat": "aisle", "day": None}, grammar="city")

    assert talk.said == ["Which day?"]


def test_grammar_of_the_form_fills_slots(talk: Conversation) -> None:
    assert talk.hear({"city": "Oslo", "day": "Friday"}, grammar="whole").said == ["Which seat?"]


def test_keys_answer_the_slot_asked_for(talk: Conversation) -> None:
    listen = talk.last
    assert isinstance(listen, Listen)
    assert listen.keys == {"1": "Rome"}
    assert talk.hear("Rome", grammar="keys", mode=Mode.DTMF).said == ["Which day?"]


def test_slot_whose_condition_does_not_hold_is_not_asked_for(talk: Conversation) -> None:
    said_about(talk, city="Rome", seat="aisle")

    assert said_about(talk, day="Friday").said == ["Rome, Friday, .", "More?"]
    assert talk.state.variables["seat"] is None


def test_every_open_slot_is_listened_for_the_one_asked_first(talk: Conversation) -> None:
    talk.hear("Oslo", grammar="city")

    listen = talk.last
    assert isinstance(listen, Listen)
    assert listen.grammars[:2] == ("day", "whole")
    assert listen.grammars[3:] == ("wish", "commands")
    form = listen.grammars[2]
    assert isinstance(form, FormGrammar)
    assert [slot.name for slot in form.slots] == ["day", "city", "seat"]
    assert form.slots[1].called == ("town",)


# Confirming by confidence


def test_sure_value_is_not_confirmed(talk: Conversation) -> None:
    assert talk.hear("Oslo", grammar="city", confidence=0.95).said == ["Which day?"]


def test_fairly_sure_value_is_said_back_with_the_next_question(talk: Conversation) -> None:
    assert talk.hear("Oslo", grammar="city", confidence=0.7).said == ["To Oslo.", "Which day?"]


def test_no_to_a_value_said_back_asks_for_it_again(talk: Conversation) -> None:
    talk.hear("Oslo", grammar="city", confidence=0.7)

    assert no(talk).said == ["Which city, please?"]
    assert talk.state.variables["city"] is None


def test_unsure_value_is_asked_back(talk: Conversation) -> None:
    assert talk.hear("Oslo", grammar="city", confidence=0.3).said == ["Oslo, right?"]
    assert talk.hear(True, grammar="builtin:boolean").said == ["Which day?"]


@pytest.mark.parametrize("answer", [False, {"filled": {}, "denied": {}, "corrected": True}])
def test_no_to_a_value_asked_back_asks_in_other_words(talk: Conversation, answer: Json) -> None:
    talk.hear("Oslo", grammar="city", confidence=0.3)

    grammar = "builtin:boolean" if answer is False else "form"
    assert talk.hear(answer, grammar=grammar).said == ["Which city, please?"]


def test_right_value_may_be_given_instead_of_no(talk: Conversation) -> None:
    talk.hear("Oslo", grammar="city", confidence=0.3)

    assert said_about(talk, city="Rome", denied={}).said == ["Fine.", "To Rome.", "Which day?"]


def test_value_said_a_second_time_is_a_yes(talk: Conversation) -> None:
    talk.hear("Oslo", grammar="city", confidence=0.3)

    assert talk.hear("Oslo", grammar="city", confidence=0.3).said == ["Which day?"]


# Corrections


def test_value_of_a_filled_slot_overwrites_it_and_is_said_back(talk: Conversation) -> None:
    talk.hear("Oslo", grammar="city")

    assert said_about(talk, city="Bern").said == ["Fine.", "To Bern.", "Which day?"]


def test_slot_without_words_of_its_own_is_said_back_plainly(talk: Conversation) -> None:
    said_about(talk, city="Oslo", day="Friday")

    assert said_about(talk, day="Monday").said == ["Fine.", "Monday.", "Which seat?"]


def test_denied_value_is_asked_for_again(talk: Conversation) -> None:
    said_about(talk, city="Oslo", day="Friday")

    assert said_about(talk, denied={"day": "Friday"}).said == ["Which day?"]


def test_slot_named_to_be_changed_is_asked_for_again(talk: Conversation) -> None:
    said_about(talk, city="Oslo", day="Friday")

    assert said_about(talk, denied={"city": None}).said == ["Which city, please?"]


def test_no_to_nothing_is_not_understood(talk: Conversation) -> None:
    assert no(talk).said == ["Which city, please?"]
    assert talk.state.counts.nomatch_here == 1


def test_back_goes_to_the_slot_before_and_then_to_the_question_before(
    talk: Conversation,
) -> None:
    talk.hear("Oslo", grammar="city")

    assert talk.hear("back", grammar="commands").said == ["Where to?"]
    assert talk.hear("back", grammar="commands").said == ["What for?"]


def test_back_from_after_a_form_asks_for_its_last_slot(talk: Conversation) -> None:
    said_about(talk, city="Oslo", day="Friday", seat="aisle")

    assert talk.hear("back", grammar="commands").said[-1] == "Which seat?"


# Silence, trouble


def test_default_is_taken_when_the_caller_cannot_say(talk: Conversation) -> None:
    said_about(talk, city="Oslo", day="Friday")

    assert talk.tell(NoMatch()).said == ["Which seat?"]
    assert talk.tell(NoInput()).said == ["Oslo, Friday, any.", "More?"]


def test_trouble_leaves_the_form(talk: Conversation) -> None:
    talk.tell(NoInput()).tell(NoMatch())

    assert talk.tell(NoInput()).said == ["A person."]
    assert talk.state.forms == ()


# Leaving and coming back, carrying


def test_caller_leaves_for_another_task_and_comes_back(talk: Conversation) -> None:
    talk.hear("Oslo", grammar="city")

    assert talk.hear("hours", grammar="wish").said == [
        "Always open.",
        "Back to your trip.",
        "Which day?",
    ]
    assert talk.state.variables["unfinished"] is None
    assert talk.state.variables["city"] == "Oslo"


def test_command_may_lead_aside_and_the_flow_knows_what_waits(talk: Conversation) -> None:
    talk.hear("operator", grammar="commands")

    assert talk.said == ["A person."]
    assert talk.state.variables["unfinished"] == "your trip"


def test_command_that_is_no_aside_leaves_the_form_for_good(talk: Conversation) -> None:
    assert talk.hear("menu", grammar="commands").said == ["What for?"]
    assert talk.state.forms == ()


def test_meaning_of_the_aside_grammar_without_a_step_is_no_answer(talk: Conversation) -> None:
    assert talk.hear({"intent": "other"}, grammar="wish").said == ["Which city, please?"]
    assert talk.state.variables["city"] is None


def test_value_is_carried_to_the_next_task_and_said_back(talk: Conversation) -> None:
    said_about(talk, city="Oslo", day="Friday", seat="aisle")

    assert talk.hear("trip", grammar="wish").said == ["Let us see.", "To Oslo.", "Which day?"]


# Review, steps that look at values, stopping

CHECKED = """
start: order
steps:
  order:
    form:
      number: {ask: Number?, grammar: digits, filled: look, prefill: "{caller}"}
      day: {ask: Day?, grammar: day}
    stop: [{if: number == 13, next: end}]
    review: {ask: "{number}, {day}. Right?", change: What is wrong?}
    next: end
  look: {branch: [{if: number == 7, next: refuse}, {else: back}]}
  refuse: {say: Not seven., next: forget}
  forget: {set: {number: null}, next: back}
  back: {return: true}
  end: {say: Done., hangup: auto}
"""


def test_value_is_looked_at_and_may_be_refused(converse: Converse) -> None:
    talk = converse(main=CHECKED)

    assert talk.hear(7, grammar="digits").said == ["Not seven.", "Number?"]
    assert talk.hear(8, grammar="digits").said == ["Day?"]


def test_form_stops_where_a_condition_says_so(converse: Converse) -> None:
    talk = converse(main=CHECKED)

    assert talk.hear(13, grammar="digits").said == ["Done."]
    assert talk.state.forms == ()


def test_review_says_all_and_takes_corrections(converse: Converse) -> None:
    talk = converse(main=CHECKED)
    said_about(talk, number=8, day="Monday")

    assert talk.said == ["8, Monday. Right?"]
    assert said_about(talk, day="Friday", denied={}).said == ["8, Friday. Right?"]
    assert talk.hear(False, grammar="builtin:boolean").said == ["What is wrong?"]
    assert said_about(talk, denied={"number": None}).said == ["Number?"]
    assert talk.hear(9, grammar="digits").said == ["9, Friday. Right?"]
    assert talk.hear(True, grammar="builtin:boolean").said == ["Done."]


def test_fact_fills_a_slot_before_anything_is_asked(flow_set: Callable[..., FlowSet]) -> None:
    talk = Conversation(flow_set(main=CHECKED)).start(caller="8")

    assert talk.said == ["Day?"]


# Reading and checking


@pytest.mark.parametrize(
    ("slot", "problem"),
    [
        ("{grammar: a}", "slot 'a' has no 'ask'"),
        ("{ask: A?}", "slot 'a' understands no answer"),
        ("{ask: A?, grammar: a, if: 'b =='}", "expected a name or a value, not the end"),
        ("{ask: A?, grammar: a, confirm: {}}", "confirm has neither 'ask' nor 'say'"),
        ("{ask: A?, grammar: a, confirm: {say: A., ask_below: 0.5}}", "'ask_below' without 'ask'"),
        ("{ask: '{nothing}?', grammar: a}", "variable 'nothing' is set nowhere"),
        ("{ask: A?, grammar: a, filled: gone}", "step 'gone' does not exist"),
    ],
)
def test_faults_of_a_slot_are_found(slot: str, problem: str, reading: Reading) -> None:
    text = f"start: f\nsteps:\n  f: {{form: {{a: {slot}}}, next: end}}\n  end: {{hangup: auto}}\n"

    flow, problems = reading(text)
    if flow is not None and not problems:
        problems = validate(FlowSet({"main": flow}))

    assert any(each.problem.startswith(problem) for each in problems), problems
    assert all(each.line for each in problems)
