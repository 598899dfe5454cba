"""Each call that goes on is at one stage, and text beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from voicebot.acd.model import NOBODY, Contact, ContactId, ContactState
from voicebot.acd.views import ContactPlace
from voicebot.events import CallEnded, CallStarted, TurnFinished, TurnResult
from voicebot.types import CallId, Language, Outcome, Transport
from voicebot.wall.calls_now import CallsNow
from voicebot.wall.model import Stage


def started(call: str, transport: Transport = "sip") -> CallStarted:
    return CallStarted(CallId(call), 0.0, transport, "a", "b", "main", Language("en-US"))


def turn(call: str, result: TurnResult) -> TurnFinished:
    return TurnFinished(CallId(call), 1.0, 1, "ask", "Hello?", result, None, None)


def place(call: str, state: ContactState) -> ContactPlace:
    return ContactPlace(
        Contact(ContactId(call), "support"), "support", state, 0.0, NOBODY, False, None
    )


def counted(
    calls: CallsNow, *places: ContactPlace, joined: Collection[str] = (), in_text: int = 0
) -> Mapping[Stage, int]:
    stages = calls.stages(places, {CallId(each) for each in joined}, in_text)
    return {stage: count for stage, count in stages.items() if count}


def test_a_call_is_greeted_until_the_caller_was_heard() -> None:
    calls = CallsNow()
    calls.observe(started("a"))
    calls.observe(turn("a", TurnResult.SAID))
    calls.observe(turn("a", TurnResult.NOINPUT))
    assert counted(calls) == {Stage.GREETING: 1}
    calls.observe(turn("a", TurnResult.NOMATCH))
    calls.observe(turn("a", TurnResult.NOINPUT))
    assert counted(calls) == {Stage.FLOW: 1}


def test_who_waits_or_is_rung_for_is_queued_and_then_with_an_agent() -> None:
    calls = CallsNow()
    for call in "abc":
        calls.observe(started(call))
    assert counted(
        calls,
        place("a", ContactState.WAITING),
        place("b", ContactState.OFFERED),
        place("c", ContactState.CONNECTED),
    ) == {Stage.QUEUED: 2, Stage.WITH_AGENT: 1}


def test_who_talks_outside_the_queues_is_with_a_person_until_that_is_over() -> None:
    calls = CallsNow()
    calls.observe(started("a"))
    assert counted(calls, joined="a") == {Stage.WITH_AGENT: 1}
    assert counted(calls, joined="b") == {Stage.GREETING: 1}, "a call that has ended by now"
    calls.observe(turn("a", TurnResult.MATCH))
    assert counted(calls) == {Stage.FLOW: 1}


def test_a_promised_callback_is_no_call() -> None:
    calls = CallsNow()
    calls.observe(started("a"))
    calls.observe(CallEnded(CallId("a"), 5.0, Outcome.CALLBACK_BOOKED, "booked"))
    assert counted(calls, place("a", ContactState.WAITING)) == {}


def test_conversations_in_text_are_counted_by_who_keeps_them() -> None:
    calls = CallsNow()
    assert counted(calls, in_text=4) == {Stage.TEXT: 4}
    assert set(calls.stages([], (), 0)) == set(Stage)
