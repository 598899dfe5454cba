"""The ways of real calls are found between the steps that their records name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from voicebot.drawing.traffic import Traffic
from voicebot.events import TurnResult
from voicebot.flows.commands import Act, Command, HangUp, Listen, Say, Transfer
from voicebot.flows.events import (
    ActionDone,
    ContactStarted,
    FlowEvent,
    InputMatched,
    NoInput,
    NoMatch,
    TransferRefused,
)
from voicebot.flows.graph import edges
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import FlowSet
from voicebot.sessions.records import CallRecord, TurnRecord
from voicebot.speech.spoken import words
from voicebot.types import CallId, Heard, Json, Language, Mode

LANGUAGE = Language("en-US")
NUMBER: Json = {"intent": "order_number", "number": "4271"}
ORDER: Json = {"number": "4271", "status": "shipped", "eta": "2026-11-24", "items": "a jacket"}


class Recorder:
    """Plays a contact and writes down what a record of it would hold."""

    def __init__(self, flows: FlowSet, **facts: Json) -> None:
        self._interpreter = Interpreter(flows)
        self.state = self._interpreter.begin()
        self._said: list[str] = []
        self.turns: list[TurnRecord] = []
        self._commands: list[Command] = []
        self._tell(ContactStarted(facts))

    def _tell(self, event: FlowEvent) -> None:
        self.state, self._commands = self._interpreter.receive(self.state, event)
        spoken = [each.prompt for each in self._commands if isinstance(each, Say)]
        self._said += [words(prompt, LANGUAGE) for prompt in spoken]

    def act(self, result: Json) -> Recorder:
        assert isinstance(self._commands[-1], Act)
        self._tell(ActionDone(result))
        return self

    def refuse(self) -> Recorder:
        assert isinstance(self._commands[-1], Transfer)
        self._tell(TransferRefused("busy"))
        return self

    def hear(self, meaning: Json, grammar: str = "g", confidence: float = 1.0) -> Recorder:
        heard = Heard("", meaning, confidence, Mode.SPEECH, grammar)
        return self._turn(InputMatched(heard), TurnResult.MATCH, heard)

    def miss(self, event: FlowEvent) -> Recorder:
        result = TurnResult.NOMATCH if isinstance(event, NoMatch) else TurnResult.NOINPUT
        return self._turn(event, result, None)

    def _turn(self, event: FlowEvent, result: TurnResult, heard: Heard | None) -> Recorder:
        assert isinstance(self._commands[-1], Listen)
        self._record(result, heard)
        self._tell(event)
        return self

    def _record(self, result: TurnResult, heard: Heard | None) -> None:
        said, self._said = " ".join(self._said), []
        index = len(self.turns) + 1
        self.turns.append(TurnRecord(index, 0.0, self.state.step, said, result, heard, None, False))

    def over(self) -> CallRecord:
        if isinstance(self._commands[-1], HangUp) or self._said:
            self._record(TurnResult.SAID, None)
        return CallRecord(
            id=CallId("c"),
            transport="sip",
            caller="",
            callee="",
            flow="main",
            language=LANGUAGE,
            started_at=0.0,
            answered_at=0.0,
            ended_at=1.0,
            outcome=None,
            reason="",
            turns=tuple(self.turns),
        )


GREETED = {
    "known_language>welcome": 1,
    "welcome>returning": 1,
    "returning>open_matter": 1,
    "open_matter>main_menu": 1,
}
"""The way of a caller who is not known, up to the menu."""


def named(traffic: Traffic, flows: FlowSet) -> dict[str, int]:
    """The edges that were taken, as ``from>to``."""
    found: dict[str, int] = {}
    for (flow, step, number), count in traffic.counts.items():
        if number >= 0:
            edge = list(edges(flows[flow].steps[step]))[number]
            name = f"{step}>{edge.target.name}"
            found[name] = found.get(name, 0) + count
    return found


def follow(flows: FlowSet, *calls: CallRecord) -> Traffic:
    traffic = Traffic(flows)
    for call in calls:
        traffic.add(call)
    return traffic


def test_the_steps_between_two_questions_are_found(demo: FlowSet) -> None:
    call = Recorder(demo).hear({"intent": "order_status"}).hear(NUMBER).act(ORDER)

    taken = named(follow(demo, call.hear({"intent": "no"}).over()), demo)

    assert taken == {
        **GREETED,
        "main_menu>new_request": 1,
        "new_request>choose_request": 1,
        "choose_request>ask_number": 1,
        "ask_number>number_answered": 1,
        "number_answered>number_heard": 1,
        "number_heard>find_order": 1,
        "find_order>whose_order": 1,
        "whose_order>order_found": 1,
        "order_found>shipped": 1,
        "shipped>offer_tracking": 1,
        "offer_tracking>after_that": 1,
        "after_that>anything_else": 1,
        "anything_else>goodbye": 1,
    }


@pytest.mark.parametrize("status", ["shipped", "packing", "delayed", "delivered", "cancelled"])
def test_of_several_ways_that_fit_the_one_is_taken_whose_words_were_said(
    status: str, demo: FlowSet
) -> None:
    order = {**ORDER, "status": status}  # type: ignore[dict-item]
    call = Recorder(demo).hear({"intent": "order_number", "number": "4271"}).act(order)

    taken = named(follow(demo, call.hear({"intent": "no"}).over()), demo)

    assert taken[f"order_found>{status}"] == 1
    after = "offer_tracking" if status == "shipped" else "after_that"
    assert taken[f"{status}>{after}"] == 1


@pytest.mark.parametrize(("intent", "number"), [("order_status", 2), ("return", 4)])
def test_conditions_that_the_answers_decide_are_decided(
    intent: str, number: int, demo: FlowSet
) -> None:
    call = Recorder(demo).hear({"intent": intent}).hear(NUMBER).act(ORDER)

    counts = follow(demo, call.over()).counts

    assert {key: count for key, count in counts.items() if key[1] == "choose_request"} == {
        ("main", "choose_request", -1): 1,
        ("main", "choose_request", number): 1,
    }


def test_a_confirmation_is_no_second_answer(demo: FlowSet) -> None:
    recorder = Recorder(demo).hear({"intent": "order_status"})
    recorder.hear(NUMBER, confidence=0.4).hear(True).act(ORDER)

    traffic = follow(demo, recorder.over())

    assert traffic.lost == 0
    assert traffic.counts["main", "ask_number", 0] == 1
    assert ("main", "unknown_number", -1) not in traffic.counts


def test_a_request_said_to_an_offer_answers_the_question_before(demo: FlowSet) -> None:
    texted = Recorder(demo, text={"to": "sms", "number": "+15550142", "ending": "42"})
    call = texted.hear(NUMBER).act({**ORDER, "customer": 1}).act({"contacts": 0})  # type: ignore[dict-item]
    assert call.state.step == "offer_tracking"

    traffic = follow(demo, call.hear({"intent": "hours"}, "request").over())
    taken = named(traffic, demo)

    assert traffic.lost == 0
    assert taken["choose_request>hours"] == taken["done>anything_else"] == 1
    assert "offer_tracking>after_that" not in taken


def test_misunderstandings_stay_and_then_lead_to_trouble(demo: FlowSet) -> None:
    call = Recorder(demo).miss(NoInput()).miss(NoMatch()).miss(NoMatch()).refuse()

    traffic = follow(demo, call.hear({"intent": "hours"}).over())
    taken = named(traffic, demo)

    assert traffic.lost == 0
    assert traffic.counts["main", "trouble", -1] == 1
    assert taken["need_a_person>to_agent"] == taken["no_agent>after_no_agent"] == 1
    assert taken["choose_request>hours"] == 1


def test_commands_lead_where_they_lead_from_every_question(demo: FlowSet) -> None:
    call = Recorder(demo).hear({"command": "operator"}).refuse().hear("goodbye", "commands")

    traffic = follow(demo, call.over())

    assert traffic.lost == 0
    assert named(traffic, demo) == {
        **GREETED,
        # Another way says the same words; of two that fit alike the first is taken.
        "to_agent>not_in_queue": 1,
        "not_in_queue>no_agent": 1,
        "no_agent>after_no_agent": 1,
        "after_no_agent>main_menu": 1,
    }
    assert traffic.counts["main", "goodbye", -1] == 1


DELIVERED: Json = {
    "number": "4271",
    "status": "delivered",
    "eta": "2026-11-01",
    "items": "a jacket",
}


def filled(**values: Json) -> Json:
    return {"filled": values}


def test_a_form_is_followed_through_what_looks_at_its_values(demo: FlowSet) -> None:
    call = Recorder(demo).hear({"intent": "return"}).hear(filled(number="4271"), "form")
    call.act(DELIVERED).hear(filled(reason="damaged"), "form").miss(NoMatch())
    call.hear("refund", "return_remedy").hear(filled(day="20261127"), "form").hear(True)

    call.act({"reference": "7"}).act({"free": True}).hear({"intent": "no"})

    traffic = follow(demo, call.over())

    assert traffic.lost == 0
    assert named(traffic, demo) == {
        **GREETED,
        "main_menu>new_request": 1,
        "new_request>choose_request": 1,
        "choose_request>return_form": 1,
        "return_form>find_return": 1,
        "find_return>return_looked_up": 1,
        "return_looked_up>note_return": 1,
        "return_form>note_return": 2,
        "return_form>open_return": 1,
        "open_return>return_opened": 1,
        "return_opened>find_label": 1,
        "find_label>label_found": 1,
        "label_found>say_reference": 1,
        "say_reference>offer_label": 1,
        "offer_label>after_that": 1,
        "after_that>anything_else": 1,
        "anything_else>goodbye": 1,
    }
    assert traffic.counts["main", "return_form", -1] == 1


def test_a_value_that_is_refused_is_told_by_what_was_said(demo: FlowSet) -> None:
    call = Recorder(demo).hear({"intent": "return"}).hear(filled(number="4272"), "form").act(None)

    taken = named(follow(demo, call.over()), demo)

    assert taken["return_unknown>forget_number"] == taken["forget_number>back"] == 1


def test_a_form_that_stops_is_left_by_its_condition(demo: FlowSet) -> None:
    call = Recorder(demo).hear({"intent": "return"}).hear(filled(number="4271"), "form").act(ORDER)

    traffic = follow(demo, call.hear({"intent": "no"}).over())
    taken = named(traffic, demo)

    assert traffic.lost == 0
    assert taken["return_form>cannot_return"] == taken["cannot_return>after_that"] == 1


def test_another_task_within_a_form_comes_back_to_it(demo: FlowSet) -> None:
    call = Recorder(demo).hear({"intent": "return"}).hear({"intent": "hours"}, "request")
    call.hear({"command": "operator"}).refuse().hear("goodbye", "commands")

    traffic = follow(demo, call.over())
    taken = named(traffic, demo)

    assert traffic.lost == 0
    assert taken["return_form>hours"] == taken["hours>done"] == taken["done>back"] == 1
    assert taken["return_form>to_agent"] == taken["after_no_agent>back"] == 1
    assert traffic.counts["main", "return_form", -1] == 1
    assert traffic.counts["main", "goodbye", -1] == 1


def test_a_task_may_lead_back_to_its_form(flow_set: Callable[..., FlowSet]) -> None:
    flows = flow_set(
        main="start: a\nsteps:\n  a: {form: {x: {ask: Hm?, grammar: g}}, next: z,"
        " aside: {grammar: other, steps: {tell: b}}}\n"
        "  b: {say: So., next: a}\n  z: {say: Bye., hangup: auto}\n"
    )

    traffic = follow(flows, Recorder(flows).hear("tell", "other").hear("y").over())

    assert traffic.lost == 0
    assert named(traffic, flows) == {"a>b": 1, "b>a": 1, "a>z": 1}
    assert traffic.counts["main", "a", -1] == 1


def test_calls_of_other_flows_are_followed_in_and_back(
    flow_set: Callable[..., FlowSet],
) -> None:
    flows = flow_set(
        main="start: a\nsteps:\n  a: {call: inner, next: b}\n"
        "  b: {ask: More?, grammar: g, next: z}\n  z: {say: Bye., hangup: auto}\n",
        inner="start: q\nsteps:\n  q: {ask: Hm?, grammar: g, next: r}\n  r: {return: true}\n",
    )

    traffic = follow(flows, Recorder(flows).hear("x").hear("y").over())

    assert traffic.lost == 0
    assert named(traffic, flows) == {"q>r": 1, "a>b": 1, "b>z": 1}


def test_a_call_of_a_flow_that_has_changed_is_followed_as_far_as_it_fits(
    flow_set: Callable[..., FlowSet],
) -> None:
    old = flow_set(
        main="start: a\nsteps:\n  a: {ask: Hm?, grammar: g, next: b}\n"
        "  b: {ask: So?, grammar: g, next: z}\n  z: {say: Bye., hangup: auto}\n"
    )
    new = flow_set(
        main="start: a\nsteps:\n  a: {ask: Hm?, grammar: g, next: z}\n"
        "  b: {ask: So?, grammar: g, next: z}\n  z: {say: Bye., hangup: auto}\n"
    )

    traffic = follow(new, Recorder(old).hear("x").hear("y").over())

    assert (traffic.calls, traffic.lost) == (1, 1)
    assert traffic.counts["main", "a", -1] == 1
    assert traffic.summary == "1 calls, 0 of them followed from beginning to end"


def test_a_call_of_a_flow_that_is_gone_is_lost(demo: FlowSet, tmp_path: Path) -> None:
    call = Recorder(demo).over()
    traffic = follow(FlowSet({}), call)

    assert traffic.lost == 1
