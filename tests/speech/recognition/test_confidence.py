"""What raises and what lowers trust in a reading."""

from __future__ import annotations

import pytest

from tests.speech.recognition.conftest import GrammarMaker
from voicebot.speech.moonshine.confidence import Evidence, trust
from voicebot.speech.moonshine.readings import overruns

CLEAR = Evidence(free=-1.0, free_tokens=4)


def test_reading_as_good_as_free_speech_is_trusted() -> None:
    assert trust(-1.0, -1.0, 4, CLEAR) > 0.95


def test_reading_far_worse_than_free_speech_is_rejected() -> None:
    assert trust(-20.0, -20.0, 4, CLEAR) < 0.05


def test_trust_falls_with_the_score() -> None:
    judged = [trust(score, score, 4, CLEAR) for score in (-1.0, -3.0, -6.0, -9.0, -14.0)]
    assert judged == sorted(judged, reverse=True)
    assert len(set(judged)) == len(judged)


def test_reading_in_noise_is_trusted_more_where_free_speech_is_no_clearer() -> None:
    noisy = Evidence(free=-9.0, free_tokens=6)
    assert trust(-10.0, -10.0, 6, noisy) > trust(-10.0, -10.0, 6, CLEAR)


def test_silence_explained_by_nothing_is_rejected() -> None:
    assert trust(-7.0, -7.0, 2, Evidence(free=-0.5, free_tokens=0)) < 0.3


def test_reading_that_drops_the_last_words_is_rejected() -> None:
    assert trust(-7.0, -1.0, 8, CLEAR) < 0.15 < 0.8 < trust(-7.0, -6.9, 8, CLEAR)


def test_sentence_that_went_on_in_free_speech_is_rejected() -> None:
    overrun = Evidence(free=-1.0, free_tokens=10, overrun=True)
    assert trust(-7.6, -7.5, 8, overrun) < 0.5 < trust(-7.6, -7.5, 8, Evidence(-1.0, 10))


def test_likelier_rival_outside_the_grammar_takes_trust_away() -> None:
    judged = [
        trust(-5.0, -5.0, 2, Evidence(-1.0, 2, rivals=rivals)) for rivals in (-9.0, -4.0, -2.0, 0.0)
    ]
    assert judged == sorted(judged, reverse=True)
    assert judged[0] > 0.8
    assert judged[-1] < 0.5


def test_rivals_stand_in_for_free_speech() -> None:
    """Of a lone syllable the model writes anything freely."""
    unlike_free = Evidence(free=-0.1, free_tokens=2, rivals=-20.0)
    assert trust(-5.0, -5.0, 2, unlike_free) > trust(-5.0, -5.0, 2, Evidence(-0.1, 2))


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("six one five six eight", True),
        ("61568", True),
        ("six one five six", False),
        ("six one five", False),
        ("six of five six eight nine", False),
        ("", False),
    ],
)
def test_free_speech_overruns_the_grammar_where_nothing_could_follow(
    grammar: GrammarMaker, heard: str, expected: bool
) -> None:
    four = grammar("(one | five | six | eight)<4>")
    assert overruns(heard.split(), four) is expected


@pytest.mark.parametrize("score", [0.0, -1e-9, -1000.0])
@pytest.mark.parametrize("spoken", [0.0, -1000.0])
def test_always_a_probability(score: float, spoken: float) -> None:
    assert 0.0 <= trust(score, spoken, 0, Evidence(free=0.0, free_tokens=0)) <= 1.0
