"""What raises and what lowers trust in a reading."""

from __future__ import annotations

import math

import pytest

from voicebot.speech.moonshine.confidence import Evidence, confidence

CLEAR = Evidence(free=-1.0, free_tokens=4, partial=-8.0, partial_words=-9.0)


def test_reading_as_good_as_free_speech_is_trusted() -> None:
    assert confidence(-1.0, -1.0, 4, CLEAR) > 0.95


def test_reading_far_worse_than_free_speech_is_rejected() -> None:
    assert confidence(-20.0, -20.0, 4, CLEAR) < 0.05


def test_trust_falls_with_the_score() -> None:
    judged = [confidence(score, score, 4, CLEAR) for score in (-1.0, -3.0, -6.0, -9.0, -14.0)]
    assert judged == sorted(judged, reverse=True)
    assert len(set(judged)) == len(judged)


def test_silence_explained_by_nothing_is_rejected() -> None:
    silence = Evidence(free=-0.5, free_tokens=0, partial=-0.5, partial_words=-math.inf)
    assert confidence(-7.0, -7.0, 2, silence) < 0.3


def test_half_an_utterance_is_not_taken_for_a_whole_one() -> None:
    halved = Evidence(free=-1.2, free_tokens=6, partial=-1.0, partial_words=-1.0)
    whole = Evidence(free=-1.2, free_tokens=6, partial=-9.0, partial_words=-9.0)
    assert confidence(-8.0, -8.0, 9, halved) < 0.5 < confidence(-8.0, -8.0, 9, whole)


def test_reading_that_drops_the_last_words_is_rejected() -> None:
    assert confidence(-7.0, -1.0, 8, CLEAR) < 0.05 < 0.8 < confidence(-7.0, -6.9, 8, CLEAR)


@pytest.mark.parametrize("score", [0.0, -1e-9, -1000.0])
@pytest.mark.parametrize("partial", [0.0, -math.inf])
def test_always_a_probability(score: float, partial: float) -> None:
    evidence = Evidence(free=0.0, free_tokens=0, partial=partial, partial_words=partial)
    assert 0.0 <= confidence(score, score, 0, evidence) <= 1.0
