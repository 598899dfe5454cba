"""What leaves for a carrier at each tick, so that it has a little in hand and never much."""

from __future__ import annotations

import numpy as np

from voicebot.telephony.mediastream.pacing import LEAD, Pacing, Step

LOUD = np.full(160, 8000, np.int16)
QUIET = np.full(160, 20, np.int16)


def test_an_utterance_begins_with_the_lead_and_goes_on_at_the_pace_of_speech() -> None:
    pacing = Pacing()
    steps = [pacing.step(LOUD, 1) for _ in range(100)]
    assert steps[0] == Step(silence=LEAD, sound=True)
    assert steps[1:] == [Step(sound=True)] * 99
    assert pacing.ahead == LEAD + 1


def test_nothing_is_sent_while_nothing_is_said() -> None:
    pacing = Pacing()
    assert [pacing.step(None, 1) for _ in range(10)] == [Step()] * 10
    assert pacing.ahead == 0


def test_the_end_of_an_utterance_is_marked_and_a_while_of_silence_follows() -> None:
    pacing = Pacing()
    pacing.step(LOUD, 1)
    pacing.step(QUIET, 1)
    steps = [pacing.step(None, 1) for _ in range(40)]
    assert steps[0] == Step(silence=1, mark=True)
    assert steps[1:25] == [Step(silence=1)] * 24
    assert steps[25:] == [Step()] * 15
    assert pacing.ahead == 0


def test_a_pause_within_an_utterance_keeps_its_length() -> None:
    pacing = Pacing()
    for frame in [LOUD, QUIET, None, None, None]:
        pacing.step(frame, 1)
    assert pacing.step(LOUD, 1) == Step(sound=True)


def test_speech_that_is_cut_short_is_cleared_at_once() -> None:
    pacing = Pacing()
    for _ in range(10):
        pacing.step(LOUD, 1)
    assert pacing.step(None, 1) == Step(clear=True)
    assert pacing.step(None, 1) == Step()
    assert pacing.step(LOUD, 1) == Step(silence=LEAD, sound=True)


def test_a_loop_that_was_held_up_for_longer_than_the_lead_begins_anew() -> None:
    pacing = Pacing()
    for _ in range(10):
        pacing.step(LOUD, 1)
    assert pacing.step(LOUD, 3) == Step(sound=True)
    assert pacing.step(LOUD, 3) == Step(silence=LEAD, sound=True)
