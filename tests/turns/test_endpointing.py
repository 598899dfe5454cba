from __future__ import annotations

import pytest

from tests.turns.conftest import near
from voicebot.turns.endpointing import (
    Patience,
    Utterance,
    Verdict,
    decode_after_s,
    silence_to_end,
)

PATIENCE = Patience(complete_s=0.4, incomplete_s=1.2, maxspeech_s=20.0)


@pytest.mark.parametrize(
    ("verdict", "seconds", "reason"),
    [
        (None, 1.2, "incomplete"),
        (Verdict(matched=False, can_continue=False), 1.2, "incomplete"),
        (Verdict(matched=False, can_continue=True), 1.2, "incomplete"),
        (Verdict(matched=True, can_continue=True), 0.8, "complete"),
        (Verdict(matched=True, can_continue=False), 0.4, "complete"),
    ],
)
def test_the_silence_that_ends_depends_on_the_grammar(
    verdict: Verdict | None, seconds: float, reason: str
) -> None:
    silence = silence_to_end(verdict, 0.4, 1.2)
    assert (silence.seconds, silence.reason) == (near(seconds), reason)


def test_the_decode_never_waits_longer_than_completetimeout() -> None:
    assert decode_after_s(0, 0.1) == 0.1
    assert decode_after_s(9, 0.25) == 0.25
    assert decode_after_s(9, 1.0) == near(0.3)


def test_an_utterance_first_waits_for_a_pause_then_for_its_end() -> None:
    utterance = Utterance(1.0, 1.1, PATIENCE)
    assert utterance.deadline == near(1.28)
    utterance.pause(7)
    assert (utterance.generation, utterance.deadline) == (7, near(2.3))
    utterance.judge(Verdict(matched=True, can_continue=False))
    assert utterance.deadline == near(1.5)
    assert utterance.ending(1.5) == "complete"


def test_going_on_forgets_the_verdict() -> None:
    utterance = Utterance(0.0, 0.1, PATIENCE)
    utterance.pause(1)
    utterance.judge(Verdict(matched=True, can_continue=False))
    utterance.go_on(0.4)
    assert utterance.generation is None
    utterance.pause(2)
    assert utterance.deadline == near(1.6)


def test_the_longest_utterance_counts_from_its_beginning() -> None:
    utterance = Utterance(5.0, 24.9, PATIENCE)
    assert utterance.deadline == near(25.0)
    assert utterance.ending(25.0) == "maxspeech"


def test_the_clocks_of_an_utterance_restart_but_not_its_bounds() -> None:
    utterance = Utterance(5.0, 6.0, PATIENCE)
    utterance.pause(1)
    utterance.restart_clocks(100.0)
    assert utterance.deadline == near(101.2)
    assert (utterance.start, utterance.end) == (5.0, 6.0)
