"""Grammars as phrase lists, for a model with a small vocabulary."""

from __future__ import annotations

from tests.speech.vosk.conftest import GrammarMaker
from voicebot.speech.vosk.phrases import MOST_SENTENCES, phrases_of, unheard

VOCABULARY = {"네", "하나", "둘", "영업", "시간", "환불", "환", "불", "one", "two"}


def knows(word: str) -> bool:
    return word in VOCABULARY


def test_small_grammar_is_listed_sentence_by_sentence(grammar: GrammarMaker) -> None:
    phrases = phrases_of(grammar("네 | (하나 | 둘) [환불]"), knows)
    assert set(phrases.phrases) == {"네", "하나", "둘", "하나 환불", "둘 환불"}
    assert phrases.unknown == ()


def test_large_grammar_is_given_by_its_words(grammar: GrammarMaker) -> None:
    assert MOST_SENTENCES < 2**12
    phrases = phrases_of(grammar("(하나 | 둘) <12>"), knows)
    assert phrases.phrases == ("둘", "하나")


def test_endless_grammar_is_given_by_its_words(grammar: GrammarMaker) -> None:
    assert set(phrases_of(grammar("(하나 | 둘) <1->"), knows).phrases) == {"하나", "둘"}


def test_nested_recursion_ends(grammar: GrammarMaker) -> None:
    phrases = phrases_of(grammar("$a;\n$a = 하나 [$a] 둘"), knows)
    assert phrases.phrases


def test_sentence_that_cannot_be_heard_is_left_out_and_told(grammar: GrammarMaker) -> None:
    phrases = phrases_of(grammar("one | one xylophone | two"), knows)
    assert set(phrases.phrases) == {"one", "two"}
    assert phrases.unknown == ("xylophone",)


def test_word_written_together_is_spelled_with_known_ones_and_read_back(
    grammar: GrammarMaker,
) -> None:
    phrases = phrases_of(grammar("영업시간 | 네"), knows)
    assert set(phrases.phrases) == {"영업 시간", "네"}
    assert phrases.read("네 영업 시간") == ("네", "영업시간")
    assert phrases.read("시간 영업") == ("시간", "영업")


def test_fewest_pieces_win(grammar: GrammarMaker) -> None:
    assert phrases_of(grammar("환불영업"), knows).phrases == ("환불 영업",)


def test_latin_words_and_numerals_are_not_taken_apart() -> None:
    assert unheard(("onetwo", "12", "one", "하나둘"), knows) == ("onetwo", "12")
