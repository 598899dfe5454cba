"""Answer steps: the short answer, the offer of more, and what nobody knows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from voicebot.flows.commands import ANSWER, Act, HangUp, Listen, Say, WantedIntents
from voicebot.flows.events import FREE, INTENTS_GRAMMAR, ActionDone, ActionFailed, NoInput, NoMatch
from voicebot.flows.model import FlowSet
from voicebot.flows.outside import Known
from voicebot.flows.state import FlowState
from voicebot.flows.validation import validate
from voicebot.types import Json, Language, Outcome

from .conftest import Conversation

Converse = Callable[..., Conversation]

FLOW = """
start: first
commands: {grammar: commands, steps: {operator: agent}}
trouble: {next: trouble, in_a_row: 3, in_all: 9}
steps:
  first:
    ask: What is it?
    grammar: wishes
    free: true
    store: request
    nomatch: [Pardon?, What did you say?]
    next: {order: end, else: look_up}
  look_up:
    answer: "{request.text}"
    more: Go on?
    next: more
  more: {ask: Anything else?, grammar: wishes, free: true, store: request, next: look_up}
  trouble: {say: Oh dear., next: agent}
  agent: {transfer: agents, on_failure: first}
  end: {hangup: auto}
"""
FOUND: Json = {
    "name": "pay",
    "question": "How?",
    "confidence": 0.9,
    "parts": ["One.", "Two.", "Three."],
}
NOTHING: Json = {"name": "pay", "question": "How?", "confidence": 0.1, "parts": []}


def ask(talk: Conversation, words: str = "can I pay") -> Conversation:
    return talk.hear({"text": words}, grammar=FREE)


def listens(talk: Conversation) -> Listen:
    assert isinstance(talk.last, Listen)
    return talk.last


def test_free_words_are_looked_up_in_the_flows_language(converse: Converse) -> None:
    talk = converse(main=FLOW)
    assert listens(talk).free

    ask(talk)

    assert talk.last == Act(ANSWER, {"question": "can I pay", "language": "en-US"})


def test_short_answer_is_said_and_the_rest_told_part_by_part(converse: Converse) -> None:
    talk = ask(converse(main=FLOW)).tell(ActionDone(FOUND))
    assert talk.said == ["One.", "Go on?"]
    assert listens(talk).grammars[0] == "builtin:boolean"
    assert not listens(talk).free

    assert talk.hear(True, grammar="builtin:boolean").said == ["Two.", "Go on?"]
    assert talk.hear(True, grammar="builtin:boolean").said == ["Three.", "Anything else?"]
    assert talk.state.variables["article"] == {
        "name": "pay",
        "question": "How?",
        "confidence": 0.9,
        "parts": [],
    }


@pytest.mark.parametrize("enough", ["no", "silence"])
def test_no_and_silence_end_the_offer(enough: str, converse: Converse) -> None:
    talk = ask(converse(main=FLOW)).tell(ActionDone(FOUND))

    if enough == "no":
        talk.hear(False, grammar="builtin:boolean")
    else:
        talk.tell(NoInput())

    assert talk.said == ["Anything else?"]
    assert talk.state.counts.in_all == 0


def test_what_is_not_understood_at_the_offer_asks_it_again(converse: Converse) -> None:
    talk = ask(converse(main=FLOW)).tell(ActionDone(FOUND)).tell(NoMatch("hm"))

    assert talk.said == ["Go on?"]


def test_what_the_question_before_understands_ends_the_offer_as_its_answer(
    converse: Converse,
) -> None:
    talk = ask(converse(main=FLOW)).tell(ActionDone(FOUND))
    assert listens(talk).grammars == ("builtin:boolean", "wishes", "commands")

    talk.hear("order", grammar="wishes")

    assert isinstance(talk.last, HangUp)
    assert talk.state.variables["request"] == "order"


def test_intents_of_the_question_before_are_understood_at_the_offer(converse: Converse) -> None:
    flow = FLOW.replace("    free: true\n", "    free: true\n    intents: {least: 0.4}\n", 1)
    talk = ask(converse(main=flow)).tell(ActionDone(FOUND))
    assert listens(talk).intents == WantedIntents(Language("en-US"), (), 0.4)

    ask(talk, "and is there parking")

    assert talk.last == Act(ANSWER, {"question": "and is there parking", "language": "en-US"})


def test_a_request_that_waits_does_not_answer_the_offer(converse: Converse) -> None:
    flow = FLOW.replace("    free: true\n", "    free: true\n    intents: true\n", 1)
    more: Json = [{"intent": "order", "text": "my order", "confidence": 0.9}]
    talk = converse(main=flow)

    talk.hear({"intent": "pay", "text": "can I pay", "more": more}, grammar=INTENTS_GRAMMAR)
    talk.tell(ActionDone(FOUND))

    assert talk.said == ["One.", "Go on?"]
    assert talk.state.variables["waiting"] == more


def test_offer_is_answered_in_the_language_of_the_flow(converse: Converse) -> None:
    talk = ask(converse(main=f"language: zh-CN\n{FLOW}")).tell(ActionDone(FOUND))

    assert listens(talk).grammars[0] == "builtin:boolean?language=zh-CN"


def test_commands_work_at_the_offer(converse: Converse) -> None:
    talk = ask(converse(main=FLOW)).tell(ActionDone(FOUND))

    assert talk.hear("repeat", grammar="commands").said == ["One.", "Go on?"]
    talk.hear("operator", grammar="commands")
    assert talk.state.step == "agent"


def test_an_answer_serves_once_it_was_heard(converse: Converse) -> None:
    talk = ask(converse(main=FLOW))
    assert talk.state.outcome_if_hung_up == "abandoned_in_flow"

    talk.tell(ActionDone(FOUND))

    assert [command.serves for command in talk.commands if isinstance(command, Say)] == [
        True,
        False,
    ]
    assert talk.state.outcome_if_cut_off == "abandoned_in_flow"
    assert talk.state.outcome_if_hung_up == "self_served"


def test_what_nothing_answers_counts_as_not_understood(converse: Converse) -> None:
    talk = converse(main=FLOW)

    assert ask(talk).tell(ActionDone(NOTHING)).said == ["Pardon?"]
    assert talk.state.step == "first"
    assert (talk.state.counts.nomatch_here, talk.state.counts.in_a_row) == (1, 1)
    assert talk.state.variables["article"] is None
    assert talk.state.outcome_if_hung_up is Outcome.ABANDONED_IN_FLOW

    assert ask(talk, "and now").tell(ActionDone(NOTHING)).said == ["What did you say?"]
    assert ask(talk, "again").tell(ActionDone(NOTHING)).said == ["Oh dear."]


def test_what_nothing_answers_frustrates_and_what_is_answered_settles(converse: Converse) -> None:
    talk = converse(main=FLOW)
    ask(talk).tell(ActionDone(NOTHING))
    first = talk.state.mood.level

    ask(talk, "what about that").tell(ActionDone(NOTHING))
    assert talk.state.mood.level > first > 0

    ask(talk, "and this").tell(ActionDone(FOUND))
    assert talk.state.counts.in_a_row == 0


def test_a_search_that_breaks_is_as_if_nothing_were_known(converse: Converse) -> None:
    talk = ask(converse(main=FLOW)).tell(ActionFailed("no model"))

    assert talk.said == ["Pardon?"]
    assert talk.state.variables["problem"] == "no model"


def test_unknown_leads_where_the_flow_says(converse: Converse) -> None:
    flow = FLOW.replace("    more: Go on?\n", "    more: Go on?\n    unknown: agent\n")

    talk = ask(converse(main=flow)).tell(ActionDone(NOTHING))

    assert talk.state.step == "agent"


def test_after_an_answer_the_question_that_came_last_is_asked_again(converse: Converse) -> None:
    talk = ask(converse(main=FLOW)).tell(ActionDone(FOUND)).tell(NoInput())

    ask(talk, "something else").tell(ActionDone(NOTHING))

    assert talk.state.step == "more"
    assert talk.said == ["Anything else?"]


def test_without_an_offer_the_short_answer_is_all(converse: Converse) -> None:
    flow = FLOW.replace("    more: Go on?\n", "")

    assert ask(converse(main=flow)).tell(ActionDone(FOUND)).said == ["One.", "Anything else?"]


def test_nothing_known_and_nothing_asked_ends_the_contact(converse: Converse) -> None:
    flow = "start: a\nsteps:\n  a: {answer: hello, next: b}\n  b: {hangup: auto}\n"

    talk = converse(main=flow).tell(ActionDone(NOTHING))

    assert isinstance(talk.last, HangUp)


def test_answers_need_knowledge_in_the_flows_language(flow_set: Callable[..., FlowSet]) -> None:
    known = Known(knowledge=[Language("zh-CN")])

    (problem,) = [each for each in validate(flow_set(main=FLOW), known) if "knowledge" in str(each)]

    assert str(problem).startswith("flows/main.yaml:14:14: there is no knowledge in en-US. Write")
    assert not [
        each
        for each in validate(flow_set(main=FLOW), Known(knowledge=[Language("en-GB")]))
        if "knowledge" in str(each)
    ]


def test_free_words_that_lead_nowhere_are_reported(flow_set: Callable[..., FlowSet]) -> None:
    flow = FLOW.replace("next: {order: end, else: look_up}", "next: {order: look_up}")

    (problem,) = [each for each in validate(flow_set(main=flow)) if "free words" in str(each)]

    assert problem.remedy == "Add 'else' to 'next'."


def test_a_state_from_before_there_were_answers_can_be_read() -> None:
    state = FlowState(frames=())
    data = state.to_json()
    del data["unsettled"]

    assert FlowState.from_json(data) == state
