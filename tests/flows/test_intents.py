"""Questions that listen for intents: several in a breath, doubts, forms left for a while."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.flows.conftest import Conversation
from voicebot.errors import FlowError
from voicebot.flows.commands import Listen, WantedIntents
from voicebot.flows.events import INTENTS_GRAMMAR, NoMatch
from voicebot.flows.intent_routes import intents_taken, missing_intents, unmeant
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.requests import MAX_WAITING
from voicebot.types import Json, Language

ENGLISH = Language("en-US")

FLOW = """
start: menu
nomatch: Pardon?
commands: {grammar: commands, steps: {bye: bye}}
steps:
  menu:
    ask: What can I do for you?
    grammar: request
    intents:
      confirm: {ask: "Is it about {answer.response}?", below: 0.5}
      further: "And about {answer.response}:"
    store: wish
    next: {hours: hours, place: place, return: goods}
  hours: {say: From nine to six., next: menu}
  place: {say: In Harbour Lane., next: menu}
  goods:
    form:
      number: {ask: Which order?, grammar: order}
    aside: {intents: true, steps: {hours: meanwhile}}
    next: done
  meanwhile: {say: Nine to six., next: back}
  back: {return: true}
  done: {say: It is done., next: menu}
  bye: {say: Goodbye., next: end}
  end: {hangup: auto}
"""

Makes = Callable[..., Conversation]
Sets = Callable[..., FlowSet]


@pytest.fixture
def begun(converse: Makes) -> Conversation:
    return converse(main=FLOW)


def intent(name: str, *more: dict[str, Json], **values: Json) -> dict[str, Json]:
    meaning: dict[str, Json] = {"intent": name, "response": f"the {name}", **values}
    return {**meaning, "more": list(more)} if more else meaning


def also(name: str, confidence: float = 0.9) -> dict[str, Json]:
    return {**intent(name), "text": f"and {name}", "confidence": confidence}


def means(talk: Conversation, meaning: Json, confidence: float = 0.9) -> Conversation:
    return talk.hear(meaning, grammar=INTENTS_GRAMMAR, confidence=confidence)


def test_question_listens_for_the_intents_of_its_language(begun: Conversation) -> None:
    listen = begun.commands[-1]
    assert isinstance(listen, Listen)
    assert listen.intents == WantedIntents(ENGLISH)


def test_form_listens_for_the_intents_that_lead_aside(begun: Conversation) -> None:
    listen = means(begun, intent("return")).commands[-1]
    assert isinstance(listen, Listen)
    assert listen.intents is not None
    assert listen.intents.names == ("hours",)
    assert listen.intents.least > 0.5


def test_intent_is_an_answer_like_that_of_a_grammar(begun: Conversation) -> None:
    means(begun, intent("hours"))
    assert begun.said == ["From nine to six.", "What can I do for you?"]
    assert begun.state.variables["wish"] == intent("hours")


def test_further_request_is_served_without_asking(begun: Conversation) -> None:
    means(begun, intent("hours", also("place")))
    assert begun.said == [
        "From nine to six.",
        "And about the place:",
        "In Harbour Lane.",
        "What can I do for you?",
    ]
    assert begun.state.variables["waiting"] == []


def test_further_request_waits_until_the_first_is_done(begun: Conversation) -> None:
    means(begun, intent("return", also("hours")))
    assert begun.said == ["Which order?"]
    begun.hear("1508", grammar="order")
    assert begun.said == [
        "It is done.",
        "And about the hours:",
        "From nine to six.",
        "What can I do for you?",
    ]


def test_doubtful_further_request_is_confirmed(begun: Conversation) -> None:
    means(begun, intent("hours", also("place", 0.3)))
    assert begun.said == ["From nine to six.", "Is it about the place?"]
    assert begun.hear(True).said == ["In Harbour Lane.", "What can I do for you?"]


def test_rejected_further_request_is_forgotten(begun: Conversation) -> None:
    means(begun, intent("hours", also("place", 0.3)))
    assert begun.hear(False).said == ["Pardon?", "What can I do for you?"]


def test_doubtful_intent_is_confirmed_and_grammars_are_not(begun: Conversation) -> None:
    assert means(begun, intent("hours"), 0.3).said == ["Is it about the hours?"]
    assert begun.hear(True).said[0] == "From nine to six."
    assert begun.hear({"intent": "place"}, confidence=0.3).said[0] == "In Harbour Lane."


def test_what_was_said_with_a_doubtful_intent_waits_for_the_yes(begun: Conversation) -> None:
    means(begun, intent("hours", also("place")), 0.3)
    assert begun.hear(True).said[:3] == [
        "From nine to six.",
        "And about the place:",
        "In Harbour Lane.",
    ]


def test_other_words_answer_a_confirmation(begun: Conversation) -> None:
    means(begun, intent("hours"), 0.3)
    assert means(begun, intent("place")).said[0] == "In Harbour Lane."


def test_doubtful_intent_is_asked_about_in_another_language(converse: Makes) -> None:
    speaks = "commands: {languages: {english: en-US}, "
    talk = converse(main=FLOW.replace("commands: {", speaks))
    means(talk, intent("hours"), 0.3)

    talk.hear("english", grammar="commands")
    assert talk.said == ["Is it about the hours?"]

    talk.hear(True)
    assert talk.said[0] == "From nine to six."


def test_repeat_of_a_confirmation_asks_it_again(begun: Conversation) -> None:
    means(begun, intent("hours"), 0.3)
    begun.hear("repeat", grammar="commands")
    assert begun.said == ["Is it about the hours?"]


def test_request_that_leads_nowhere_is_passed_over_for_one_that_does(begun: Conversation) -> None:
    means(begun, intent("weather", also("place")))
    assert begun.said[0] == "In Harbour Lane."


def test_intent_without_a_way_is_a_nomatch(begun: Conversation) -> None:
    assert means(begun, intent("weather")).said == ["Pardon?", "What can I do for you?"]


def test_request_that_is_made_again_is_served_once(begun: Conversation) -> None:
    means(begun, intent("return", also("hours")))
    means(begun, intent("hours"))
    assert begun.said == ["Nine to six.", "Which order?"]
    begun.hear("1508", grammar="order")
    assert begun.said == ["It is done.", "What can I do for you?"]


def test_form_is_left_for_an_intent_and_gone_on_with(begun: Conversation) -> None:
    means(begun, intent("return"))
    assert means(begun, intent("hours", number="1508")).said == ["Nine to six.", "Which order?"]


def test_intent_that_leads_nowhere_from_a_form_fills_no_slot(begun: Conversation) -> None:
    means(begun, intent("return"))
    means(begun, intent("place", number="1508"))
    assert begun.said == ["Pardon?", "Which order?"]
    assert begun.state.variables["number"] is None


def test_waiting_requests_are_bounded(begun: Conversation) -> None:
    many = [also("place") for _ in range(3 * MAX_WAITING)]
    means(begun, intent("return", *many))
    waiting = begun.state.variables["waiting"]
    assert isinstance(waiting, list)
    assert len(waiting) == MAX_WAITING


def test_command_wins_over_what_waits(begun: Conversation) -> None:
    means(begun, intent("return", also("hours")))
    begun.hear("bye", grammar="commands")
    assert begun.said == ["Goodbye."]


def test_question_may_take_some_intents_alone(converse: Makes) -> None:
    talk = converse(
        main="start: a\nsteps:\n"
        "  a: {ask: What?, intents: [one, two], next: b}\n"
        "  b: {ask: And?, intents: {only: three}, next: c}\n"
        "  c: {hangup: auto}\n"
    )
    listen = talk.commands[-1]
    assert isinstance(listen, Listen)
    assert listen.intents == WantedIntents(ENGLISH, ("one", "two"))
    means(talk, intent("one", also("two")))
    assert talk.said == ["And?"]  # 'two' is nothing that this question takes


def test_out_of_scope_is_a_nomatch(begun: Conversation) -> None:
    assert begun.tell(NoMatch("the tallest mountain")).said == ["Pardon?", "What can I do for you?"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("false", "main.yaml:4:14: intents are true or names, not false. Leave it out."),
        ("{onlyy: a}", "Did you mean 'only'?"),
        ("{further: ''}", "main.yaml:4:24: expected the text of a prompt"),
    ],
)
def test_intents_that_are_written_wrong(
    reading: Callable[..., tuple[Flow | None, list[FlowError]]], value: str, problem: str
) -> None:
    end = "b: {hangup: auto}\n"
    text = f"start: a\nsteps:\n  a: {{ask: x, next: b,\n    intents: {value}}}\n  {end}"
    _, found = reading(text)
    assert any(problem in str(each) for each in found), [str(each) for each in found]


def test_taken_intents_are_those_of_routes_asides_and_conditions(
    flow_set: Sets,
) -> None:
    choose = """choose:
    branch:
      - if: wish.intent == 'a' or wish.intent in ['b']
        next: hours
      - else: hours
  hours: {say"""
    flows = flow_set(main=FLOW.replace("hours: {say", choose))
    assert intents_taken(flows) == {ENGLISH: {"hours", "place", "return", "a", "b"}}


def test_missing_intents_are_found_with_their_place(flow_set: Sets) -> None:
    flows = flow_set(
        main="start: a\nsteps:\n"
        "  a: {ask: x, intents: retrun, next: b}\n"
        "  b: {ask: x, intents: true, next: {refnd: c}}\n"
        "  c: {hangup: auto}\n"
    )
    found = list(missing_intents(flows["main"], {ENGLISH: ["return", "refund"]}))
    assert [str(each) for each in found] == [
        "flows/main.yaml:3:24: intent 'retrun' does not exist. Did you mean 'return'?",
        "flows/main.yaml:4:44: intent 'refnd' does not exist. Did you mean 'refund'?",
    ]


def test_language_without_intents_is_found(flow_set: Sets) -> None:
    flows = flow_set(
        main="start: a\nsteps: {a: {ask: x, intents: true, next: b}, b: {hangup: auto}}"
    )
    (found,) = missing_intents(flows["main"], {})
    assert "step 'a' listens for intents, but en-US has none" in str(found)
    assert list(missing_intents(flows["main"], {ENGLISH: None})) == []  # a file that is broken


def test_condition_on_an_intent_that_nothing_means_is_found(
    flow_set: Sets,
) -> None:
    flows = flow_set(
        main="start: a\nsteps:\n"
        "  a: {ask: x, intents: true, store: wish, next: b}\n"
        "  b: {branch: [{if: wish.intent == 'retrun', next: c}, {else: c}]}\n"
        "  c: {hangup: auto}\n"
    )
    (found,) = unmeant(flows["main"], ["return"], ["word"])
    assert str(found).endswith(
        "nothing that callers say means the intent 'retrun'. Did you mean 'return'?"
    )
    assert list(unmeant(flows["main"], ["return"], ["retrun"])) == []


def test_state_with_waiting_requests_moves_to_another_channel(begun: Conversation) -> None:
    means(begun, intent("return", also("hours")))
    interpreter: Interpreter = begun.interpreter
    _, commands = interpreter.rejoin(begun.state, {})
    assert isinstance(commands[-1], Listen)
