"""What the speech engines tell the checks of grammars."""

from __future__ import annotations

import pytest

from voicebot.errors import ModelError
from voicebot.grammar.lint.sounds import distance, phonemes
from voicebot.speech.grammar_check import engine_for
from voicebot.speech.phonemes import Pronouncer
from voicebot.types import Language

ENGLISH = Language("en-US")


def test_words_are_pronounced_in_their_language() -> None:
    english, german = Pronouncer(ENGLISH), Pronouncer(Language("de-DE"))

    assert phonemes(english("fifty")) == ("f", "ɪ", "f", "t", "i")
    assert phonemes(german("ja")) == ("j", "ɑ")
    assert phonemes(english("jam"))[0] == "dʒ", "each has its language, also in turn"
    assert len(phonemes(english("three, four"))) == 6, "all clauses"
    assert english("") == ""


def test_unknown_language_is_an_error_here_and_no_check_there() -> None:
    with pytest.raises(ModelError, match="there is no such voice"):
        Pronouncer(Language("xx-YY"))
    assert engine_for(Language("xx-YY")).pronounce is None


def test_english_sound_alikes_are_near() -> None:
    pronounce = Pronouncer(ENGLISH)

    def apart(first: str, second: str) -> float:
        sounds = phonemes(pronounce(first)), phonemes(pronounce(second))
        return distance(*sounds, most=20) / max(map(len, sounds))

    for pair in [("fifteen", "fifty"), ("repeat", "receipt"), ("austin", "boston"), ("b", "d")]:
        assert apart(*pair) <= 0.2, pair
    for pair in [("one", "two"), ("yes", "no"), ("billing", "delivery"), ("five", "six")]:
        assert apart(*pair) > 0.2, pair


@pytest.mark.model
@pytest.mark.parametrize("word", ["refund", "cappuccino", "o'clock", "16", "zzz", "naïve"])
def test_words_that_moonshine_writes(word: str) -> None:
    vocabulary = engine_for(ENGLISH).vocabulary
    if vocabulary is None:
        pytest.skip("the Moonshine weights are not installed")

    assert vocabulary.problem(word) is None


@pytest.mark.model
@pytest.mark.parametrize(
    ("word", "problem"),
    [("xqzvkj", "can only spell it out"), ("заказ", "letters that"), ("주문", "letters that")],
)
def test_words_that_moonshine_does_not_write(word: str, problem: str) -> None:
    vocabulary = engine_for(ENGLISH).vocabulary
    if vocabulary is None:
        pytest.skip("the Moonshine weights are not installed")

    assert problem in str(vocabulary.problem(word))


def test_other_languages_have_no_moonshine() -> None:
    assert engine_for(Language("de-DE")).vocabulary is None
