"""Offers to go on in text: who is asked, what is asked, and what comes of the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.flows.conftest import Conversation, read
from voicebot.errors import UsageError
from voicebot.flows.commands import CloseOffer, HangUp, Listen, OfferText, SendText, Transfer
from voicebot.flows.events import (
    InputMatched,
    NoInput,
    NoMatch,
    TextNotSent,
    TextSent,
    TransferRefused,
)
from voicebot.flows.model import FlowSet
from voicebot.flows.state import Waiting
from voicebot.flows.validation import validate
from voicebot.types import Heard, Json, Mode, Outcome

Flows = Callable[..., FlowSet]

LABEL = """
start: menu
commands: {keys: {"0": operator}, steps: {operator: agent}}
steps:
  menu: {ask: Hm?, grammar: g, next: label}
  label:
    say: Your label is ready.
    offer_text: Shall I text it?
    intent: return_label
    number:
      ask: To {text.number|digits}?
      other: To which number?
      confirm: To {answer|digits}. Right?
    accepted: sent
    declined: spoken
    unavailable: sorry
    in_text: show
  sent: {say: It is on its way., hangup: auto}
  spoken: {ask: Here it is. More?, grammar: g, next: label}
  sorry: {ask: "No text: {problem}.", grammar: g, next: label}
  show: {say: Here it is to read., hangup: auto}
  agent: {transfer: agents, on_failure: menu}
"""

SEVEN = Heard("7", "7", 1.0, Mode.DTMF)
SMS: dict[str, Json] = {"to": "sms", "number": "+15550100", "soon_s": 60}


def offered(flow_set: Flows, text: Json = SMS, **facts: Json) -> Conversation:
    return Conversation(flow_set(main=LABEL)).start(text=text, **facts).hear("return")


def test_one_word_accepts_and_the_number_is_confirmed(flow_set: Flows) -> None:
    talk = offered(flow_set)
    assert talk.said == ["Your label is ready.", "Shall I text it?"]
    assert talk.commands[1] == OfferText("return_label")
    assert isinstance(talk.last, Listen)
    assert talk.last.grammars == ("builtin:boolean", "g")
    assert talk.hear(True).said == ["To <digits:+15550100>?"]
    assert talk.hear(True).last == SendText("+15550100", "return_label")
    assert talk.state.waiting is Waiting.TEXT


def test_a_sent_link_moves_the_contact_to_text(flow_set: Flows) -> None:
    talk = offered(flow_set).hear(True).hear(True).tell(TextSent())
    assert talk.said == ["It is on its way."]
    assert talk.last == HangUp(Outcome.MOVED_TO_TEXT, "the flow ended the call")
    assert not any(isinstance(command, CloseOffer) for command in talk.commands)


def test_text_begins_where_the_offer_says(flow_set: Flows) -> None:
    talk = offered(flow_set).hear(True).hear(True)
    moving = talk.interpreter.moving(talk.state)
    assert moving.step == "show"
    assert moving.variables["text"] is None
    assert moving.variables["answer"] == talk.state.variables["answer"]


def test_what_was_served_before_does_not_count_in_text(flow_set: Flows) -> None:
    talk = offered(flow_set).hear(True).hear(True)
    moving = talk.interpreter.moving(replace(talk.state, served=True))
    assert moving.outcome_if_hung_up is Outcome.ABANDONED_IN_FLOW


def test_who_comes_back_from_text_is_not_offered_it_again(flow_set: Flows) -> None:
    talk = offered(flow_set).hear(True).hear(True)
    moving = talk.interpreter.moving(talk.state)
    back, _ = talk.interpreter.rejoin(replace(moving, frames=talk.state.frames), {"text": SMS})

    assert back.step == "spoken"


def test_only_a_contact_whose_link_is_sent_can_move(flow_set: Flows) -> None:
    talk = offered(flow_set)
    with pytest.raises(UsageError):
        talk.interpreter.moving(talk.state)


def test_another_number_is_asked_for_and_said_back(flow_set: Flows) -> None:
    talk = offered(flow_set).hear(True).hear(False)
    assert talk.said == ["To which number?"]
    assert talk.hear("5550199", grammar="builtin:phone").said == ["To <digits:5550199>. Right?"]
    assert talk.hear(False).said == ["To which number?"]
    talk.hear("5550188", grammar="builtin:phone")
    assert talk.hear(True).last == SendText("5550188", "return_label")


def test_a_caller_without_a_number_is_asked_for_one(flow_set: Flows) -> None:
    talk = offered(flow_set, {"to": "sms", "number": None}).hear(True)
    assert talk.said == ["To which number?"]


def test_a_caller_in_the_browser_needs_no_number(flow_set: Flows) -> None:
    talk = offered(flow_set, {"to": "page", "number": None}).hear(True)
    assert talk.last == SendText("", "return_label")


def test_nobody_is_asked_again_after_a_no(flow_set: Flows) -> None:
    talk = offered(flow_set).hear(False)
    assert talk.commands[-2] == CloseOffer("return_label", declined=True)
    assert talk.said == ["Here it is. More?"]
    again = talk.hear("return")
    assert again.said == ["Here it is. More?"]
    assert not any(isinstance(command, OfferText) for command in again.commands)


def test_a_caller_who_leaves_the_offer_for_a_person_has_not_declined(flow_set: Flows) -> None:
    talk = offered(flow_set).hear({"command": "operator"}, grammar="")
    assert talk.commands[-2] == CloseOffer("return_label", declined=False)
    assert isinstance(talk.last, Transfer)


def test_a_request_instead_of_an_answer_goes_to_the_question_before(flow_set: Flows) -> None:
    talk = offered(flow_set).hear("order")
    assert talk.state.variables["answer"] == "order"
    assert talk.said == ["Here it is. More?"]  # the same is not offered twice in a row
    assert CloseOffer("return_label", declined=False) in talk.commands


def test_requests_are_understood_while_the_number_is_confirmed(flow_set: Flows) -> None:
    talk = offered(flow_set).hear(True)
    assert isinstance(talk.last, Listen)
    assert talk.last.grammars == ("builtin:boolean", "g")
    assert talk.hear("order").said == ["Here it is. More?"]


def test_another_number_is_no_request(flow_set: Flows) -> None:
    talk = offered(flow_set).hear(True).hear(False)
    assert isinstance(talk.last, Listen)
    assert talk.last.grammars == ("builtin:phone",)


def test_what_a_sensitive_question_understands_is_heard_there_alone(flow_set: Flows) -> None:
    flow = LABEL.replace("{ask: Hm?, ", "{ask: Hm?, sensitive: true, ")
    talk = Conversation(flow_set(main=flow)).start(text=SMS)
    _, commands = talk.interpreter.receive(talk.state, InputMatched(SEVEN))
    assert isinstance(commands[-1], Listen)
    assert commands[-1].grammars == ("builtin:boolean",)


def test_questions_of_a_flow_that_has_returned_are_not_answered_any_more(flow_set: Flows) -> None:
    main = LABEL.replace(
        "menu: {ask: Hm?, grammar: g, next: label}", "menu: {call: other, next: label}"
    )
    other = "start: q\nsteps: {q: {ask: Hm?, grammar: g, next: end}, end: {return: true}}"
    talk = Conversation(flow_set(main=main, other=other)).start(text=SMS).hear("return")
    assert isinstance(talk.last, Listen)
    assert talk.last.grammars == ("builtin:boolean",)


def test_silence_is_no_answer_and_asks_once_more(flow_set: Flows) -> None:
    talk = offered(flow_set).tell(NoInput())
    assert talk.said == ["Shall I text it?"]
    assert not any(isinstance(command, CloseOffer) for command in talk.commands)


def test_words_that_are_no_answer_are_a_nomatch(flow_set: Flows) -> None:
    talk = offered(flow_set).hear("maybe", grammar="builtin:boolean")
    assert talk.state.counts.nomatch_here == 1


def test_a_link_that_cannot_be_sent_takes_the_way_of_the_unavailable(flow_set: Flows) -> None:
    talk = offered(flow_set).hear(True).hear(True).tell(TextNotSent("no room"))
    assert talk.said == ["No text: no room."]
    assert talk.state.outcome_if_hung_up is Outcome.ABANDONED_IN_FLOW
    assert talk.hear("return").said == ["Here it is. More?"]  # not promised a second time


@pytest.mark.parametrize(
    "text",
    [
        None,
        {"to": None},
        {"to": "sms", "number": "+15550100", "never": ["return_label"]},
    ],
)
def test_nothing_is_offered_where_there_is_no_way_to(flow_set: Flows, text: Json) -> None:
    assert offered(flow_set, text).said == ["Here it is. More?"]


# A person


QUEUE = """
start: menu
steps:
  menu: {ask: Hm?, grammar: g, next: offer}
  offer:
    offer_text: Or by text?
    accepted: sent
    declined: context
    unavailable: context
  sent: {say: Sent., hangup: auto}
  context: {set: {why: "{answer}"}, next: agent}
  agent: {transfer: agents, context: {why: "{why}"}, on_failure: menu}
"""


@pytest.mark.parametrize("waiting_s", [None, 0, 60])
def test_who_can_have_a_person_soon_is_not_asked(flow_set: Flows, waiting_s: float | None) -> None:
    talk = Conversation(flow_set(main=QUEUE))
    talk.start(text=SMS, waiting_s=waiting_s).hear("person")
    assert isinstance(talk.last, Transfer)


def test_a_long_queue_is_a_reason_to_ask(flow_set: Flows) -> None:
    talk = Conversation(flow_set(main=QUEUE))
    assert talk.start(text=SMS, waiting_s=61).hear("person").said == ["Or by text?"]
    assert talk.hear(True).last == SendText("+15550100", "offer")


def of_queue(flow_set: Flows, **queue: Json) -> Conversation:
    """A caller who wants a person of a queue with these figures."""
    known: dict[str, Json] = {
        "waiting": 3,
        "wait_s": 300,
        "open": True,
        "agents": 2,
        "free": 0,
        **queue,
    }
    flows = flow_set(main=QUEUE.replace("transfer: agents", "transfer: queue:support"))
    facts: dict[str, Json] = {"queues": {"support": known, "other": {**known, "wait_s": 1}}}
    return Conversation(flows).start(text=SMS, **facts).hear("person")


@pytest.mark.parametrize("queue", [{}, {"open": False}, {"agents": 0, "wait_s": None}])
def test_the_wait_is_that_of_the_queue_ahead(flow_set: Flows, queue: dict[str, Json]) -> None:
    assert of_queue(flow_set, **queue).said == ["Or by text?"]


@pytest.mark.parametrize("wait_s", [None, 10])
def test_who_has_an_agent_of_the_queue_soon_is_not_asked(flow_set: Flows, wait_s: Json) -> None:
    talk = of_queue(flow_set, wait_s=wait_s)
    assert isinstance(talk.last, Transfer)
    assert talk.state.variables["waiting_s"] == wait_s


def test_who_asked_for_a_person_would_go_to_the_shortest_queue(flow_set: Flows) -> None:
    flow = LABEL.replace("agent: {transfer: agents", "agent: {transfer: queue:slow")
    flow += "  other: {transfer: queue:fast, on_failure: menu}\n"
    queue: dict[str, Json] = {"open": True, "agents": 1}
    waits: dict[str, Json] = {"slow": {**queue, "wait_s": 500}, "fast": {**queue, "wait_s": 30}}
    talk = Conversation(flow_set(main=flow)).start(text=SMS, queues=waits)
    talk.hear({"command": "operator"}, grammar="").tell(TransferRefused("busy"))
    talk.state = replace(talk.state, offers=replace(talk.state.offers, nobody_free=False))
    assert talk.hear("return").said == ["Here it is. More?"]
    assert talk.state.variables["waiting_s"] == 30


def test_a_person_who_cannot_be_had_is_no_reason_against_text(flow_set: Flows) -> None:
    talk = Conversation(flow_set(main=QUEUE))
    talk.start(text=SMS).hear("person").tell(TransferRefused("busy"))
    assert talk.hear("person").said == ["Or by text?"]


# When recognition struggles


STRUGGLE = """
start: city
offers: {struggling: type_it, in_a_row: 2}
trouble: {next: lost, in_a_row: 4, in_all: 9}
nomatch: Sorry?
noinput: Hello?
steps:
  city: {ask: Which city?, grammar: g, next: bye}
  type_it:
    offer_text: Would you rather type it?
    accepted: sent
    declined: back
    unavailable: back
  back: {return: true}
  sent: {say: Sent., hangup: auto}
  bye: {say: Bye., hangup: auto}
  lost: {say: Lost., hangup: auto}
"""


def struggling(flow_set: Flows, **facts: Json) -> Conversation:
    return Conversation(flow_set(main=STRUGGLE)).start(text=SMS, **facts)


def test_the_second_miss_in_a_row_offers_to_type(flow_set: Flows) -> None:
    talk = struggling(flow_set).tell(NoMatch())
    assert talk.said == ["Sorry?", "Which city?"]
    assert talk.tell(NoMatch()).said == ["Would you rather type it?"]


def test_a_no_comes_back_to_the_question(flow_set: Flows) -> None:
    talk = struggling(flow_set).tell(NoMatch()).tell(NoMatch()).hear(False)
    assert talk.said == ["Which city?"]
    assert talk.state.step == "city"
    assert talk.tell(NoMatch()).tell(NoMatch()).said == ["Sorry?", "Which city?"]


def test_the_answer_may_be_said_to_the_offer_to_type(flow_set: Flows) -> None:
    talk = struggling(flow_set).tell(NoMatch()).tell(NoMatch()).hear("Lisbon", grammar="g")
    assert talk.said == ["Bye."]


def test_text_goes_on_at_the_question_that_failed(flow_set: Flows) -> None:
    talk = struggling(flow_set).tell(NoMatch()).tell(NoMatch()).hear(True)
    assert talk.last == SendText("+15550100", "type_it")
    assert [frame.step for frame in talk.interpreter.moving(talk.state).frames] == ["city", "back"]


def test_who_asked_for_a_person_is_not_offered_a_keyboard(flow_set: Flows) -> None:
    talk = struggling(flow_set, language="en-US").tell(NoMatch("a human please"))
    assert talk.tell(NoMatch("hello")).said == ["Sorry?", "Which city?"]


def test_an_offer_that_nobody_answers_is_not_made_for_ever(flow_set: Flows) -> None:
    talk = struggling(flow_set)
    for _ in range(2 + 4):
        talk.tell(NoMatch())
    assert talk.said == ["Lost."]


def test_silence_is_not_struggling(flow_set: Flows) -> None:
    talk = struggling(flow_set).tell(NoInput()).tell(NoInput()).tell(NoInput())
    assert talk.said == ["Hello?", "Which city?"]


# What check says


def test_what_cannot_work_is_named_with_its_place() -> None:
    flow, problems = read(
        """
        start: menu
        offers: {struggling: menu}
        steps:
          menu: {ask: Hm?, grammar: g, next: offer}
          offer:
            offer_text: Text?
            keys: {"1": perhaps}
            number: {confirm: Right?}
            accepted: bye
            declined: nowhere
            unavailable: bye
          bye: {hangup: auto}
        """
    )
    assert flow is not None
    found = [*problems, *validate(FlowSet({"main": flow}))]
    assert sorted((each.line, each.problem) for each in found) == [
        (3, "step 'menu' offers no text"),
        (6, "key 1 of step 'offer' means neither yes nor no"),
        (9, "'confirm' without 'other'"),
        (11, "step 'nowhere' does not exist"),
    ]
