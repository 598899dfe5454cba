"""Keys: entries, barge-in by key, keys pressed ahead, keys against speech."""

from __future__ import annotations

import pytest

from tests.turns.conftest import Call, digits, menu, near
from voicebot.turns.digits import MOST_KEYS, KeyProgress
from voicebot.turns.signals import (
    DropDecode,
    HoldChanged,
    KeysEntered,
    ListenCancelled,
    NoInput,
    PromptFinished,
    PromptStarted,
    SpeechEnded,
    StopPrompt,
    TurnPolicy,
)
from voicebot.turns.turn_taker import State


def any_digits(keys: str) -> KeyProgress:
    return KeyProgress.COMPLETE_OPEN if keys.isdigit() else KeyProgress.DEAD


# Entries


def test_a_menu_key_answers_at_once(call: Call) -> None:
    call.listen(keys=menu)
    assert call.press("2") == [KeysEntered("2", "complete")]
    assert call.turns.state is State.IDLE


def test_the_last_digit_ends_an_entry_of_fixed_length(call: Call) -> None:
    call.listen(keys=digits(4))
    for key in "123":
        assert call.press(key) == []
        call.silence(500)
    assert call.press("4") == [KeysEntered("1234", "complete")]


def test_the_termchar_ends_an_entry_and_is_no_part_of_it(call: Call) -> None:
    call.listen(keys=any_digits)
    assert call.press("1234#") == [KeysEntered("1234", "termchar")]


def test_without_a_termchar_the_key_is_like_any_other(call: Call) -> None:
    call.listen(
        TurnPolicy(termchar=""),
        keys=lambda keys: KeyProgress.COMPLETE if keys == "*1#" else KeyProgress.PARTIAL,
    )
    assert call.press("*1#") == [KeysEntered("*1#", "complete")]


def test_the_termchar_alone_is_an_empty_entry(call: Call) -> None:
    call.listen(keys=menu)
    assert call.press("#") == [KeysEntered("", "termchar")]


def test_the_termchar_is_a_choice_where_the_grammar_has_it(call: Call) -> None:
    call.listen(keys=lambda keys: KeyProgress.COMPLETE if keys == "#" else KeyProgress.DEAD)
    assert call.press("#") == [KeysEntered("#", "complete")]


@pytest.mark.parametrize("keys", [any_digits, digits(6)])
def test_a_pause_ends_an_entry_after_interdigittimeout(call: Call, keys: object) -> None:
    call.listen(TurnPolicy(interdigittimeout_ms=3000), keys=keys)  # type: ignore[arg-type]
    call.press("1")
    call.silence(2900)
    call.press("2")
    assert call.silence_until_result() == KeysEntered("12", "interdigit")
    assert call.now == near(5.9)


def test_an_entry_needs_no_frames_to_end(call: Call) -> None:
    call.listen(keys=any_digits)
    call.press("1")
    assert call.turns.next_deadline() == near(3.0)


def test_a_wrong_key_is_an_entry_after_a_short_quiet(call: Call) -> None:
    call.listen(keys=menu)
    call.press("9")
    assert call.silence_until_result() == KeysEntered("9", "dead")
    assert call.now == near(0.7)


def test_the_rest_of_a_wrong_number_belongs_to_it(call: Call) -> None:
    call.listen(keys=menu)
    for key in "987654":
        call.press(key)
        call.silence(400)
    assert call.silence_until_result() == KeysEntered("987654", "dead")
    call.listen(keys=menu)
    assert call.turns.state is State.WAITING


def test_the_termchar_ends_a_wrong_entry_at_once(call: Call) -> None:
    call.listen(keys=menu)
    assert call.press("98#") == [KeysEntered("98", "termchar")]


def test_an_endless_entry_is_bounded_and_what_is_lost_is_counted(call: Call) -> None:
    call.listen(keys=any_digits)
    call.press("7" * (MOST_KEYS + 5))
    assert call.turns.dropped_keys == 5
    assert call.silence_until_result() == KeysEntered("7" * MOST_KEYS, "interdigit")
    assert call.turns.dropped_keys == 5


# The termchar pressed by habit


def test_a_termchar_after_a_complete_entry_does_not_answer_the_next_question(call: Call) -> None:
    call.listen(keys=digits(4))
    call.press("1234")
    call.silence(600)
    call.listen(keys=menu)
    assert call.press("#") == []
    assert call.press("2") == [KeysEntered("2", "complete")]


def test_a_termchar_much_later_is_meant(call: Call) -> None:
    call.listen(keys=digits(4))
    call.press("1234")
    call.silence(600)
    call.listen(keys=menu)
    call.silence(2000)
    assert call.press("#") == [KeysEntered("", "termchar")]


def test_only_the_first_key_after_an_entry_can_be_spare(call: Call) -> None:
    call.listen(keys=digits(4))
    call.press("1234")
    call.listen(keys=any_digits)
    assert call.press("5#") == [KeysEntered("5", "termchar")]


# Keys and prompts


def test_a_key_during_a_prompt_barges_in(call: Call) -> None:
    call.listen(keys=digits(4))
    call.tell(PromptStarted(bargein=True))
    call.silence(300)
    assert call.press("1") == [StopPrompt("key")]
    assert call.press("234") == [KeysEntered("1234", "complete")]


def test_a_wrong_key_barges_in_too(call: Call) -> None:
    call.listen(keys=menu)
    call.tell(PromptStarted(bargein=True))
    assert call.press("9") == [StopPrompt("key")]


def test_a_key_is_lost_while_the_prompt_may_not_be_interrupted(call: Call) -> None:
    call.listen(keys=menu)
    call.tell(PromptStarted(bargein=False))
    assert call.press("1") == []
    assert call.turns.dropped_keys == 1
    call.tell(PromptFinished())
    assert call.silence_until_result() == NoInput()


def test_a_prompt_that_comes_after_a_key_is_stopped(call: Call) -> None:
    call.listen(keys=digits(2))
    call.press("1")
    assert call.tell(PromptStarted(bargein=True)) == [StopPrompt("key")]
    assert call.press("2") == [KeysEntered("12", "complete")]


# Keys pressed ahead


def test_keys_pressed_ahead_answer_the_next_listen(call: Call) -> None:
    call.press("1")
    call.silence(200)
    assert call.listen(keys=menu) == [KeysEntered("1", "complete")]


def test_keys_pressed_ahead_answer_several_listens_in_turn(call: Call) -> None:
    call.press("21234#3")
    assert call.listen(keys=menu) == [KeysEntered("2", "complete")]
    assert call.listen(keys=any_digits) == [KeysEntered("1234", "termchar")]
    assert call.listen(keys=menu) == [KeysEntered("3", "complete")]
    assert call.listen(keys=menu) == []


def test_keys_pressed_during_a_prompt_before_the_listen_are_kept(call: Call) -> None:
    call.tell(PromptStarted(bargein=True))
    call.press("1")
    assert call.listen(keys=menu) == [StopPrompt("key"), KeysEntered("1", "complete")]


def test_a_beginning_pressed_ahead_is_gone_on_with(call: Call) -> None:
    call.press("12")
    assert call.listen(keys=digits(4)) == []
    call.silence(1000)
    assert call.press("34") == [KeysEntered("1234", "complete")]


def test_a_prompt_that_must_be_heard_discards_keys_pressed_ahead(call: Call) -> None:
    call.press("1")
    call.tell(PromptStarted(bargein=False))
    call.tell(PromptFinished())
    assert call.listen(keys=menu) == []
    assert call.turns.dropped_keys == 1


def test_a_prompt_that_must_be_heard_discards_an_entry_under_way(call: Call) -> None:
    call.listen(keys=digits(4))
    call.press("12")
    call.tell(PromptStarted(bargein=False))
    call.tell(PromptFinished())
    assert call.press("3456") == [KeysEntered("3456", "complete")]
    assert call.turns.dropped_keys == 2


def test_keys_pressed_ahead_are_bounded_and_what_is_lost_is_counted(call: Call) -> None:
    call.press("5" * (MOST_KEYS + 9))
    assert call.turns.dropped_keys == 9


# Keys and speech


def test_keys_win_over_speech_under_way(call: Call) -> None:
    call.listen(keys=digits(2))
    call.speech(500)
    call.press("1")
    call.speech(500)
    assert call.press("2") == [KeysEntered("12", "complete")]
    assert not call.seen(SpeechEnded)


def test_a_key_in_the_pause_drops_the_decode(call: Call) -> None:
    call.listen(keys=digits(2))
    call.speech(500)
    call.silence(200)
    assert call.press("1") == [DropDecode(1)]


def test_speech_while_keying_is_ignored(call: Call) -> None:
    call.listen(keys=any_digits)
    call.press("1")
    call.speech(2900)
    assert call.silence_until_result() == KeysEntered("1", "interdigit")
    assert call.now == near(3.0)


# Hold and cancelling


def test_the_pause_between_keys_counts_afresh_after_hold(call: Call) -> None:
    call.listen(keys=any_digits)
    call.press("1")
    call.silence(2000)
    call.tell(HoldChanged(held=True))
    call.silence(9000)
    call.tell(HoldChanged(held=False))
    assert call.silence_until_result() == KeysEntered("1", "interdigit")
    assert call.now == near(14.0)


def test_a_cancelled_entry_is_forgotten(call: Call) -> None:
    call.listen(keys=digits(4))
    call.press("12")
    assert call.tell(ListenCancelled()) == []
    assert call.listen(keys=digits(4)) == []
    assert call.press("3456") == [KeysEntered("3456", "complete")]
