"""Chinese for Vosk: words of the model out of single characters, and back."""

from __future__ import annotations

from tests.speech.vosk.conftest import GrammarMaker
from voicebot.speech.vosk.phrases import phrases_of, unheard
from voicebot.speech.vosk.readings import Alternative, FreeDecode, hypotheses

VOCABULARY = {*"我要退货一二三四五六七八九零人工", "我要", "退货", "人工"}


def knows(word: str) -> bool:
    return word in VOCABULARY


def test_sentences_are_given_in_the_longest_words_of_the_model(grammar: GrammarMaker) -> None:
    phrases = phrases_of(grammar("我要退货 | 转人工 | 人工"), knows)

    assert set(phrases.phrases) == {"我要 退货", "人工"}
    assert phrases.unknown == ("转",)


def test_words_run_over_the_grammars_own_parting(grammar: GrammarMaker) -> None:
    assert phrases_of(grammar("我 要退 [货]"), knows).phrases == ("我要 退", "我要 退货")


def test_large_grammar_gives_characters_and_the_words_on_its_ways(grammar: GrammarMaker) -> None:
    digits = " | ".join("一二三四五六七八九零")
    phrases = phrases_of(grammar(f"[我要] 退货 ({digits})<4>"), knows).phrases

    assert {"我要", "退货", "一", "零"} <= set(phrases)
    assert "人工" not in phrases


def test_what_is_heard_is_taken_apart_and_understood(grammar: GrammarMaker) -> None:
    answers = grammar("我要退货 {return} | 人工 {person}")
    phrases = phrases_of(answers, knows)

    assert phrases.read("我要 退货 [unk]") == ("我", "要", "退", "货", "[unk]")
    free = FreeDecode("我要 退货", 50.0, 1.0)
    (found,) = hypotheses([Alternative("我要 退货", 50.0)], free, phrases, answers)
    assert (found.text, found.semantics) == ("我要退货", "return")


def test_character_that_the_model_lacks_is_told() -> None:
    assert unheard(("退", "您"), knows) == ("您",)
