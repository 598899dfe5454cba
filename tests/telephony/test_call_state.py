"""The state table of a leg."""

from __future__ import annotations

from itertools import product

import pytest

from voicebot.errors import CallError
from voicebot.telephony.call_state import (
    TRANSITIONS,
    CallState,
    IllegalTransition,
    Signal,
    has_media,
    transition,
)


def walk(*signals: Signal) -> CallState:
    state = CallState.ARRIVING
    for signal in signals:
        state = transition(state, signal)
    return state


def test_a_call_is_answered_held_taken_back_and_ended() -> None:
    assert walk(Signal.ANSWER) is CallState.ANSWERING
    up = (Signal.ANSWER, Signal.ANSWERED)
    assert walk(*up) is CallState.UP
    assert walk(*up, Signal.HOLD) is CallState.HELD
    assert walk(*up, Signal.HOLD, Signal.RESUME) is CallState.UP
    assert walk(*up, Signal.END) is CallState.ENDED


def test_a_failed_transfer_brings_the_call_back_up() -> None:
    transferring = (Signal.ANSWER, Signal.ANSWERED, Signal.TRANSFER)
    assert walk(*transferring) is CallState.TRANSFERRING
    # The phone holds us while it calls the target.
    assert walk(*transferring, Signal.HOLD) is CallState.TRANSFERRING
    assert walk(*transferring, Signal.TRANSFER_FAILED) is CallState.UP


def test_every_state_but_the_last_can_end() -> None:
    for state in CallState:
        if state is not CallState.ENDED:
            assert transition(state, Signal.END) is CallState.ENDED


@pytest.mark.parametrize(("state", "signal"), list(product(CallState, Signal)))
def test_what_the_table_does_not_hold_raises(state: CallState, signal: Signal) -> None:
    if (state, signal) in TRANSITIONS:
        assert transition(state, signal) is TRANSITIONS[state, signal]
        return
    with pytest.raises(IllegalTransition, match=f"{state} cannot take '{signal}'") as caught:
        transition(state, signal)
    assert isinstance(caught.value, CallError)
    assert (caught.value.state, caught.value.signal) == (state, signal)


def test_nothing_leads_out_of_ended() -> None:
    assert not [key for key in TRANSITIONS if key[0] is CallState.ENDED]


def test_audio_flows_only_while_up_or_transferring() -> None:
    assert {state for state in CallState if has_media(state)} == {
        CallState.UP,
        CallState.TRANSFERRING,
    }
