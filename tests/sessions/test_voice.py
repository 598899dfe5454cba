"""A call from beginning to end, on virtual time: what is said, heard, done and written down."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.sessions.agents_at_work import Telephones, TurnedClock
from tests.sessions.conftest import LOST, Exchange
from voicebot.errors import ActionError
from voicebot.events import CallAnswered, CallStarted, TurnResult
from voicebot.queues.reader import QueueFile
from voicebot.sessions.feed import InputHeard, PartHeard, PromptSpoken
from voicebot.sessions.queue_handoff import Queueing
from voicebot.sessions.queueing import QueueService
from voicebot.types import Heard, Mode, Outcome

CHOICE = """
start: offer
steps:
  offer: {set: {offers: [{name: Red plum, id: 7}, {name: Pear, id: 8}]}, next: which}
  which:
    ask: Which one?
    grammar: {list: "{offers}", item: name, value: id}
    store: chosen
    next: tell
  tell: {say: "You chose {chosen}.", hangup: auto}
"""


async def test_served_caller_who_hangs_up_was_served(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.hear_out()
    await line.say("apple")
    await line.hear_out()
    await line.hang_up()
    assert [type(event) for event in line.events[:2]] == [CallStarted, CallAnswered]
    first, last = line.turns
    assert first.prompt == "Hello. Which fruit?"
    assert first.heard is not None
    assert (first.heard.semantics, first.heard.mode) == ("apple", Mode.SPEECH)
    assert last.prompt == "It costs three. Which fruit?"
    assert line.end.outcome is Outcome.SELF_SERVED
    assert line.registry.active == 0


async def test_caller_who_hangs_up_before_the_answer_was_said_was_not_served(
    exchange: Exchange,
) -> None:
    line = await exchange.call()
    await line.hear_out()
    await line.say("apple")
    await line.caller.listen(480)
    assert line.turns
    await line.hang_up()
    assert line.end.outcome is Outcome.ABANDONED_IN_FLOW


async def test_latency_runs_from_the_last_speech_to_the_first_sound(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.hear_out()
    await line.say("apple")
    await line.hear_out()
    await line.hang_up()
    first, second = line.turns
    assert first.latency_ms is None
    assert second.latency_ms == pytest.approx(400, abs=60)
    spoken = [event for event in line.live if isinstance(event, PromptSpoken)]
    assert spoken[1].latency_ms == second.latency_ms


async def test_speech_over_a_prompt_stops_it_and_is_heard(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.caller.listen(100)
    await line.say("pear")
    await line.caller.listen(20)
    tail = line.caller.heard[-3:]
    assert all(not frame.any() for frame in tail)
    await line.hear_out()
    assert line.turns[0].barged_in
    await line.hang_up()


async def test_key_over_a_prompt_answers_it(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.caller.listen(100)
    line.caller.press("22")
    await line.hear_out()
    heard = line.turns[0].heard
    assert heard is not None
    assert (heard.semantics, heard.mode, heard.text) == ("pear", Mode.DTMF, "22")
    assert line.turns[0].barged_in
    await line.hang_up()


async def test_keys_that_mean_nothing_are_not_understood(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.hear_out()
    line.caller.press("99")
    await line.hear_out()
    turn = line.turns[0]
    assert (turn.result, turn.heard) == (TurnResult.NOMATCH, Heard("99", None, 0.0, Mode.DTMF))
    await line.hang_up()


async def test_caller_chooses_from_a_list_that_an_action_found(exchange: Exchange) -> None:
    (exchange.application / "flows" / "main.yaml").write_text(CHOICE)
    line = await exchange.call()
    await line.hear_out()
    await line.say("red plum")
    await line.hear_out()
    heard = line.turns[0].heard
    assert heard is not None
    assert (heard.text, heard.semantics) == ("red plum", 7)
    assert line.turns[1].prompt == "You chose seven."


async def test_silence_is_a_noinput_with_another_wording_each_time(exchange: Exchange) -> None:
    line = await exchange.call()
    ended = await line.over()
    results = [turn.result for turn in line.turns]
    assert results == [TurnResult.NOINPUT] * 3 + [TurnResult.SAID]
    prompts = [turn.prompt for turn in line.turns]
    assert len(set(prompts)) == 4
    assert prompts[-1] == "Goodbye."
    assert ended.outcome is Outcome.ABANDONED_IN_FLOW
    assert line.caller.ended is not None


async def test_what_no_grammar_holds_is_a_nomatch_and_kept_in_the_record(
    exchange: Exchange,
) -> None:
    line = await exchange.call()
    await line.hear_out()
    await line.say("banana")
    await line.hear_out()
    turn = line.turns[0]
    assert turn.result is TurnResult.NOMATCH
    assert turn.heard is not None
    assert (turn.heard.text, turn.heard.semantics) == ("banana", None)
    await line.hang_up()


async def test_lost_recogniser_brings_an_apology_and_the_call_goes_on(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.hear_out()
    await line.say(LOST)
    await line.hear_out()
    await line.say("apple")
    await line.hear_out()
    await line.hang_up()
    assert line.turns[1].prompt.startswith("My fault.")
    assert line.end.outcome is Outcome.SELF_SERVED


async def test_pause_inside_an_utterance_throws_the_early_decode_away(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.hear_out()
    await line.say("app", 0.4)
    await line.caller.listen(260)
    await line.say("apple", 0.4)
    await line.hear_out()
    assert line.turns[0].heard is not None
    assert line.turns[0].heard.semantics == "apple"
    await line.hang_up()


async def test_slow_action_is_covered_by_a_filler(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.sessions.acting.FILLER_AFTER_S", 0.0)
    line = await exchange.call()
    exchange.prices.gate.clear()
    await line.hear_out()
    await line.say("apple")
    await line.hear_out()
    exchange.prices.gate.set()
    await line.hear_out()
    assert line.turns[-1].prompt != ""
    await line.hang_up()
    assert line.turns[1].prompt == "One moment. It costs three. Which fruit?"


async def test_failed_action_is_a_path_of_the_flow(exchange: Exchange) -> None:
    line = await exchange.call()
    exchange.prices.error = ActionError("price", "the till is closed")
    await line.hear_out()
    await line.say("apple")
    await line.hear_out()
    await line.hang_up()
    assert line.turns[1].prompt.startswith("I cannot look that up.")


async def test_transfer_hands_the_context_over(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.hear_out()
    line.caller.press("1")
    await line.hear_out()
    await line.say("operator")
    ended = await line.over()
    (asked,) = line.caller.transfers
    assert asked.target == "sip:agents@127.0.0.1"
    assert asked.headers["fruit"] == "apple"
    assert ended.outcome is Outcome.TRANSFERRED


async def test_a_transfer_to_a_telephone_system_names_the_page_about_the_call(
    exchange: Exchange,
) -> None:
    queues = QueueService([], Telephones(), call_later=TurnedClock().call_later)
    queueing = Queueing(queues, QueueFile(), "https://crm.example/?call={call}")
    exchange.adapt = lambda services: replace(services, queueing=queueing)
    line = await exchange.call()
    await line.hear_out()
    await line.say("operator")
    await line.over()
    (asked,) = line.caller.transfers
    call = line.session.call_id
    assert (asked.headers["call"], asked.headers["url"]) == (
        call,
        f"https://crm.example/?call={call}",
    )


@pytest.mark.parametrize("status", [0, 486, 603])
async def test_failed_transfer_comes_back_to_the_flow(exchange: Exchange, status: int) -> None:
    line = await exchange.call()
    line.caller.transfer_status = status
    await line.hear_out()
    await line.say("operator")
    await line.hear_out()
    await line.hear_out()
    assert "Nobody is there." in line.turns[-1].prompt or not line.task.done()
    await line.say("apple")
    await line.hear_out()
    await line.hang_up()
    assert any("Nobody is there." in turn.prompt for turn in line.turns)
    assert line.end.outcome is Outcome.SELF_SERVED


async def test_dead_line_is_a_failure_unless_the_caller_was_served(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.hear_out()
    line.caller.lose_line()
    await asyncio.wait_for(line.task, 30)
    assert line.end.outcome is Outcome.FAILED
    assert "no audio" in line.end.reason


async def test_hold_stops_the_clock(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.hear_out()
    line.caller.hold()
    await line.caller.listen(20_000)
    line.caller.resume()
    await line.say("apple")
    await line.hear_out()
    assert line.turns[0].result is TurnResult.MATCH
    await line.hang_up()


async def test_call_that_must_end_is_told_so(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.hear_out()
    line.session.end_politely()
    ended = await line.over()
    assert "close this line" in line.turns[-1].prompt
    assert ended.outcome is Outcome.FAILED
    assert ended.reason == "voicebot was stopped"


async def test_mistake_of_ours_is_owned_up_to(exchange: Exchange) -> None:
    line = await exchange.call()
    exchange.prices.error = RuntimeError("a mistake")
    await line.hear_out()
    await line.say("apple")
    ended = await line.over()
    assert "something went wrong on our side" in line.turns[-1].prompt
    assert ended.outcome is Outcome.FAILED
    assert ended.reason == "internal error"


async def test_watchers_hear_of_prompts_as_they_leave(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.caller.listen(40)
    assert [type(event) for event in line.live] == [CallStarted, CallAnswered, PromptSpoken]
    await line.hear_out()
    await line.say("apple")
    await line.hear_out()
    heard = [event for event in line.live if isinstance(event, InputHeard)]
    assert heard[0].heard is not None
    assert heard[0].heard.text == "apple"
    await line.hang_up()


async def test_watchers_see_what_was_said_so_far_in_each_pause(exchange: Exchange) -> None:
    line = await exchange.call()
    await line.hear_out()
    await line.say("app", 0.4)
    await line.caller.listen(260)
    await line.say("apple", 0.4)
    await line.hear_out()
    told = [event for event in line.live if isinstance(event, PartHeard | InputHeard)]
    assert [type(event) for event in told] == [PartHeard, PartHeard, InputHeard]
    assert [event.text for event in told if isinstance(event, PartHeard)] == ["app", "apple"]
    await line.hang_up()


async def test_nothing_of_a_call_outlives_it(exchange: Exchange) -> None:
    before = asyncio.all_tasks()
    line = await exchange.call()
    exchange.prices.gate.clear()
    await line.hear_out()
    await line.say("apple")
    await line.caller.listen(600)
    await line.hang_up()
    assert asyncio.all_tasks() - before == set()
