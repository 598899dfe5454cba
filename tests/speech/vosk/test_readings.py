"""From Vosk's sentences to hypotheses and confidences."""

from __future__ import annotations

import pytest

from tests.speech.vosk.conftest import GrammarMaker
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.outlook import progress
from voicebot.speech.recognizer import Hypothesis
from voicebot.speech.vosk.phrases import phrases_of
from voicebot.speech.vosk.readings import Alternative, FreeDecode, hypotheses

GOOD = FreeDecode("네", 50.0, 1.0)


@pytest.fixture(scope="session")
def answers(grammar: GrammarMaker) -> ActiveGrammar:
    return grammar("네 {yes} | 예 {yes} | 아니요 {no} | 영업 시간 {hours}")


def judged(
    answers: ActiveGrammar, *heard: tuple[str, float], free: FreeDecode = GOOD
) -> tuple[Hypothesis, ...]:
    alternatives = [Alternative(text, score) for text, score in heard]
    return hypotheses(alternatives, free, phrases_of(answers, lambda _: True), answers)


def test_only_what_the_grammar_holds_is_a_hypothesis(answers: ActiveGrammar) -> None:
    found = judged(answers, ("영업", 50.2), ("", 50.1), ("[unk]", 50), ("영업 시간", 50))
    assert [(one.text, one.semantics) for one in found] == [("영업 시간", "hours")]
    assert found[0].confidence < 0.3, "its rivals keep their share"


def test_sentences_of_one_meaning_add_up(answers: ActiveGrammar) -> None:
    found = judged(answers, ("아니요", 50.2), ("네", 50.0), ("예", 50.0))
    assert [one.semantics for one in found] == ["yes", "no"]
    assert found[0].confidence > found[1].confidence


def test_sure_reading_as_good_as_free_speech_is_trusted(answers: ActiveGrammar) -> None:
    (found,) = judged(answers, ("네", 50.0))
    assert found.confidence > 0.9


def test_reading_far_worse_than_free_speech_is_not_trusted(answers: ActiveGrammar) -> None:
    (found,) = judged(answers, ("네", 20.0))
    assert found.confidence < 0.1


def test_the_same_deficit_weighs_less_over_longer_speech(answers: ActiveGrammar) -> None:
    (short,) = judged(answers, ("네", 30.0))
    (long,) = judged(answers, ("네", 30.0), free=FreeDecode("네", 50.0, 4.0))
    assert short.confidence < long.confidence


def test_nothing_heard_is_no_hypothesis(answers: ActiveGrammar) -> None:
    assert judged(answers) == ()
    assert judged(answers, ("", 10.0)) == ()


def test_absurd_scores_do_not_overflow(answers: ActiveGrammar) -> None:
    high, low = judged(answers, ("네", -1e6), ("아니요", 1e6))
    assert (low.confidence, high.semantics) == (0.0, "no")


def test_progress_along_the_grammar(answers: ActiveGrammar) -> None:
    assert progress(answers, ("네",)) == (True, False)
    assert progress(answers, ("영업",)) == (False, True)
    assert progress(answers, ("환불",)) == (False, False)
    assert progress(answers, ()) == (False, True)
