"""Speech and prompts. Keys stand in test_turn_keys.py."""

from __future__ import annotations

import pytest

from tests.turns.conftest import Call, menu, near
from voicebot.turns.signals import (
    DecodeArrived,
    DropDecode,
    FrameHeard,
    HoldChanged,
    KeyPressed,
    ListenCancelled,
    ListenStarted,
    NoInput,
    PromptFinished,
    PromptStarted,
    SpeechEnded,
    SpeechStarted,
    StartDecode,
    StopPrompt,
    TimePassed,
    TurnEvent,
    TurnPolicy,
)
from voicebot.turns.turn_taker import IllegalTurnEvent, State, TurnTaker

# Noinput


def test_silence_is_a_noinput_after_the_timeout(call: Call) -> None:
    call.listen(TurnPolicy(timeout_ms=5000))
    assert call.silence_until_result() == NoInput()
    assert call.now == near(5.0)


def test_the_timeout_counts_from_the_end_of_the_prompt(call: Call) -> None:
    call.listen()
    call.tell(PromptStarted())
    call.silence(8000)
    call.tell(PromptFinished())
    assert call.silence_until_result() == NoInput()
    assert call.now == near(13.0)


def test_the_timeout_counts_from_the_last_of_several_prompts(call: Call) -> None:
    call.listen()
    for _ in range(3):
        call.tell(PromptStarted())
        call.silence(4000)
        call.tell(PromptFinished())
    call.silence_until_result()
    assert call.now == near(17.0)


def test_the_timeout_needs_no_frames(call: Call) -> None:
    call.listen()
    call.frame = 250
    assert call.turns.next_deadline() == near(5.0)
    assert call.tell(TimePassed()) == [NoInput()]


def test_a_caller_who_begins_at_the_last_moment_is_heard(call: Call) -> None:
    call.listen(TurnPolicy(timeout_ms=5000))
    call.silence(4940)
    call.speech(200)
    assert call.turns.state is State.SPEAKING
    assert not call.seen(NoInput)


def test_a_stir_puts_the_noinput_off_only_briefly(call: Call) -> None:
    call.listen(TurnPolicy(timeout_ms=5000))
    call.silence(4900)
    for _ in range(20):
        call.speech(20)
        call.silence(40)
    (at,) = call.when(NoInput)
    assert 5.0 <= at <= 5.22


# Speech begins


def test_speech_starts_an_utterance_dated_to_its_first_frame(call: Call) -> None:
    call.listen()
    call.silence(1000)
    call.speech(400)
    assert call.seen(SpeechStarted) == [SpeechStarted(at=near(1.0))]
    assert call.when(SpeechStarted) == [near(1.1)]


@pytest.mark.parametrize("ms", [20, 40, 60, 80])
def test_a_noise_burst_is_no_speech(call: Call, ms: int) -> None:
    call.listen()
    for _ in range(5):
        call.speech(ms)
        call.silence(300)
    assert not call.log


def test_a_listen_for_keys_only_ignores_speech(call: Call) -> None:
    call.listen(speech=False)
    call.speech(3000)
    assert call.turns.state is State.WAITING
    assert call.silence_until_result() == NoInput()
    assert call.now == near(5.0)


# Barge-in


def test_speech_during_a_prompt_barges_in(call: Call) -> None:
    call.listen()
    call.tell(PromptStarted(bargein=True))
    call.silence(1000)
    effects = call.speech(200)
    assert effects == [StopPrompt("speech"), SpeechStarted(near(1.0))]
    assert call.when(StopPrompt)[0] <= 1.16


@pytest.mark.parametrize("ms", [60, 100, 120])
def test_a_cough_during_a_prompt_does_not_barge_in(call: Call, ms: int) -> None:
    call.listen()
    call.tell(PromptStarted(bargein=True))
    call.silence(500)
    call.speech(ms)
    call.silence(500)
    assert not call.log


def test_speech_is_ignored_while_the_prompt_may_not_be_interrupted(call: Call) -> None:
    call.listen()
    call.tell(PromptStarted(bargein=False))
    call.speech(4000)
    assert not call.log
    call.silence(300)
    call.tell(PromptFinished())
    assert call.silence_until_result() == NoInput()


def test_speech_that_goes_on_after_such_a_prompt_is_heard(call: Call) -> None:
    call.listen()
    call.tell(PromptStarted(bargein=False))
    call.speech(1000)
    call.tell(PromptFinished())
    call.speech(200)
    assert call.seen(SpeechStarted) == [SpeechStarted(near(1.0))]


def test_a_prompt_nobody_listens_behind_is_not_stopped(call: Call) -> None:
    call.tell(PromptStarted(bargein=True))
    call.speech(1000)
    assert not call.log


def test_a_finish_that_crosses_the_stop_does_nothing(call: Call) -> None:
    call.listen()
    call.tell(PromptStarted())
    call.speech(200)
    assert call.tell(PromptFinished()) == []
    assert call.turns.state is State.SPEAKING


def test_a_prompt_that_comes_after_the_caller_began_is_stopped(call: Call) -> None:
    call.listen()
    call.speech(200)
    assert call.tell(PromptStarted(bargein=True)) == [StopPrompt("speech")]
    call.tell(PromptFinished())
    assert isinstance(call.silence_until_result(), SpeechEnded)


def test_a_prompt_that_must_be_heard_discards_what_was_said_before_it(call: Call) -> None:
    call.listen()
    call.speech(300)
    call.silence(200)
    assert call.tell(PromptStarted(bargein=False)) == [DropDecode(1)]
    call.silence(1000)
    call.tell(PromptFinished())
    assert call.silence_until_result() == NoInput()


# Endpointing


def test_a_match_that_cannot_go_on_ends_after_completetimeout(call: Call) -> None:
    call.listen()
    call.silence(1000)
    call.speech(600)
    call.silence(200)
    assert call.seen(StartDecode) == [StartDecode(1, near(1.0), near(1.6))]
    call.decode(matched=True)
    assert call.silence_until_result() == SpeechEnded(1, near(1.0), near(1.6), "complete")
    assert call.now == near(2.0)


def test_the_tentative_decode_leaves_time_before_completetimeout(call: Call) -> None:
    call.listen()
    call.speech(600)
    call.silence(400)
    assert call.when(StartDecode) == [near(0.78)]


def test_a_match_that_could_go_on_waits_for_the_mean_of_the_timeouts(call: Call) -> None:
    call.listen(TurnPolicy(completetimeout_ms=400, incompletetimeout_ms=1200))
    call.speech(600)
    call.silence(200)
    call.decode(matched=True, can_continue=True)
    result = call.silence_until_result()
    assert isinstance(result, SpeechEnded)
    assert result.reason == "complete"
    assert call.now == near(1.4)


@pytest.mark.parametrize("arrives", [True, False])
def test_no_match_or_no_decode_yet_ends_after_incompletetimeout(call: Call, arrives: bool) -> None:
    call.listen(TurnPolicy(incompletetimeout_ms=1200))
    call.speech(600)
    call.silence(200)
    if arrives:
        call.decode(matched=False, can_continue=True)
    result = call.silence_until_result()
    assert isinstance(result, SpeechEnded)
    assert result.reason == "incomplete"
    assert call.now == near(1.8)


def test_a_late_match_ends_the_utterance_at_once(call: Call) -> None:
    call.listen()
    call.speech(600)
    call.silence(800)
    assert not call.seen(SpeechEnded)
    call.decode(matched=True)
    assert call.when(SpeechEnded) == [near(1.4)]


@pytest.mark.parametrize("pause_ms", [100, 300, 600, 1100])
def test_a_pause_within_a_phrase_does_not_cut_it(call: Call, pause_ms: int) -> None:
    call.listen(TurnPolicy(incompletetimeout_ms=1200))
    call.speech(600)
    call.silence(pause_ms)
    if call.seen(StartDecode):
        call.decode(matched=False, can_continue=True)
    call.speech(600)
    result = call.silence_until_result()
    assert isinstance(result, SpeechEnded)
    assert (result.start, result.end) == (0.0, near(1.2 + pause_ms / 1000))


def test_digits_dictated_in_groups_stay_one_utterance(call: Call) -> None:
    call.listen()
    for group in range(1, 4):
        call.speech(500)
        call.silence(600)
        if group < 3:
            call.decode(matched=True, can_continue=True)
    call.decode(matched=True)
    assert len(call.seen(SpeechEnded)) == 1
    assert call.seen(DropDecode) == [DropDecode(1), DropDecode(2)]


def test_speech_that_resumes_drops_the_decode_and_the_next_pause_starts_another(
    call: Call,
) -> None:
    call.listen()
    call.speech(400)
    call.silence(240)
    call.speech(400)
    call.silence(240)
    assert [effect.generation for effect in call.seen(StartDecode)] == [1, 2]
    assert call.seen(DropDecode) == [DropDecode(1)]
    assert call.seen(StartDecode)[1].end == near(1.04)


def test_a_dropped_decode_that_still_arrives_is_ignored(call: Call) -> None:
    call.listen()
    call.speech(400)
    call.silence(240)
    call.speech(400)
    call.tell(DecodeArrived(1, matched=True, can_continue=False))
    call.silence(440)
    assert not call.seen(SpeechEnded)


def test_a_decode_that_arrives_after_the_result_is_ignored(call: Call) -> None:
    call.listen()
    call.speech(400)
    call.silence_until_result()
    assert call.decode(matched=True) == []
    call.listen()
    assert call.decode(matched=True) == []


def test_generations_are_not_used_again_in_the_next_listen(call: Call) -> None:
    for _ in range(3):
        call.listen()
        call.speech(300)
        call.silence_until_result()
    assert [effect.generation for effect in call.seen(SpeechEnded)] == [1, 2, 3]


def test_a_click_in_the_pause_neither_drops_the_decode_nor_delays_the_end(call: Call) -> None:
    call.listen()
    call.speech(600)
    call.silence(200)
    call.decode(matched=True)
    call.speech(40)
    result = call.silence_until_result()
    assert isinstance(result, SpeechEnded)
    assert result.end == near(0.6)
    assert call.now == near(1.0)
    assert not call.seen(DropDecode)


def test_each_pause_that_was_none_makes_the_next_decode_wait_longer(call: Call) -> None:
    call.listen(TurnPolicy(completetimeout_ms=400))
    waits = []
    for _ in range(6):
        call.speech(300)
        spoken_until = call.now
        call.silence(380)
        waits.append(round(call.when(StartDecode)[-1] - spoken_until, 2))
    assert waits == sorted(waits)
    assert waits[0] == 0.18
    assert waits[-1] == 0.3


def test_endless_speech_is_cut_at_maxspeechtimeout(call: Call) -> None:
    call.listen(TurnPolicy(maxspeechtimeout_ms=3000))
    call.speech(5000)
    (ended,) = call.seen(SpeechEnded)
    assert ended.reason == "maxspeech"
    assert ended.end == near(3.0)
    assert call.seen(StartDecode) == [StartDecode(1, ended.start, ended.end)]


def test_a_line_that_sends_no_frames_in_silence_still_ends_the_utterance(call: Call) -> None:
    call.listen()
    call.speech(600)
    times = []
    while (deadline := call.turns.next_deadline()) is not None:
        times.append(deadline)
        effects = call.turns.receive(TimePassed(), deadline)
        call.log += [(deadline, effect) for effect in effects]
    assert times == [near(0.78), near(1.8)]
    assert len(call.seen(SpeechEnded)) == 1


def test_a_late_timer_still_starts_the_decode_before_the_end(call: Call) -> None:
    call.listen()
    call.speech(600)
    call.frame += 200
    start, end = call.tell(TimePassed())
    assert isinstance(start, StartDecode)
    assert isinstance(end, SpeechEnded)
    assert (start.generation, start.start, start.end) == (end.generation, end.start, end.end)


# Hold


def test_timers_stop_on_hold_and_start_afresh(call: Call) -> None:
    call.listen()
    call.silence(4000)
    call.tell(HoldChanged(held=True))
    assert call.turns.next_deadline() is None
    call.silence(20_000)
    call.tell(HoldChanged(held=False))
    call.silence_until_result()
    assert call.now == near(29.0)


def test_an_utterance_survives_hold(call: Call) -> None:
    call.listen()
    call.speech(600)
    call.silence(200)
    call.tell(HoldChanged(held=True))
    call.silence(5000)
    call.decode(matched=True)
    assert not call.seen(SpeechEnded)
    call.tell(HoldChanged(held=False))
    result = call.silence_until_result()
    assert isinstance(result, SpeechEnded)
    assert result.end == near(0.6)
    assert call.now == near(6.2)


def test_music_on_hold_is_not_the_caller(call: Call) -> None:
    call.listen()
    call.tell(HoldChanged(held=True))
    call.speech(3000)
    assert not call.log


def test_being_told_twice_of_the_same_hold_restarts_nothing(call: Call) -> None:
    call.listen()
    call.silence(3000)
    call.tell(HoldChanged(held=False))
    call.silence_until_result()
    assert call.now == near(5.0)


# Cancelling, and what is illegal


def test_a_cancelled_listen_gives_no_result_and_drops_its_decode(call: Call) -> None:
    call.listen()
    call.speech(600)
    call.silence(200)
    assert call.tell(ListenCancelled()) == [DropDecode(1)]
    call.silence(10_000)
    assert not call.seen(SpeechEnded)
    assert not call.seen(NoInput)


LISTEN = ListenStarted(TurnPolicy(), menu)


@pytest.mark.parametrize(
    ("before", "event"),
    [
        ([], ListenCancelled()),
        ([LISTEN], LISTEN),
        ([PromptStarted()], PromptStarted()),
        ([], DecodeArrived(1, matched=True, can_continue=False)),
        ([], DecodeArrived(0, matched=True, can_continue=False)),
        ([], KeyPressed("")),
        ([], KeyPressed("12")),
        ([], KeyPressed("x")),
    ],
)
def test_an_illegal_event_raises_and_changes_nothing(
    before: list[TurnEvent], event: TurnEvent
) -> None:
    turns = TurnTaker()
    for earlier in before:
        turns.receive(earlier, 1.0)
    state, deadline = turns.state, turns.next_deadline()
    with pytest.raises(IllegalTurnEvent):
        turns.receive(event, 3.0)
    assert (turns.state, turns.next_deadline()) == (state, deadline)
    turns.receive(FrameHeard(False), 2.0)  # its time was not taken either


def test_time_does_not_go_back(call: Call) -> None:
    call.listen()
    call.silence(100)
    with pytest.raises(IllegalTurnEvent, match="time went back"):
        call.turns.receive(FrameHeard(False), 0.05)
