"""Lists of phrases as grammars."""

from __future__ import annotations

import itertools
import pickle
import random

import pytest

from voicebot.grammar import phrases as phrases_module
from voicebot.grammar.active import ActiveGrammar, Match, Progress
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.phrases import CompiledPhrases, Phrase, compile_phrases
from voicebot.grammar.sampler import sample
from voicebot.types import Json, Language

ENGLISH = Language("en-US")


def activate(*texts: str | Phrase, language: str = ENGLISH) -> ActiveGrammar:
    phrases = [text if isinstance(text, Phrase) else Phrase(text, text) for text in texts]
    grammar = compile_phrases(phrases, Language(language)).grammar
    return ActiveGrammar(grammar.key, Language(language), [("list", grammar)])


def hear(grammar: ActiveGrammar, words: str) -> Match | None:
    return grammar.match_words(words.split())


def meaning(grammar: ActiveGrammar, words: str) -> Json:
    match = hear(grammar, words)
    return match.semantics if match else "no match"


@pytest.mark.parametrize(
    "value",
    [None, False, 3.5, 'it\'s "quoted"\\', ["a", {"b": [1]}], {"__proto__": 1}, "\u2028 */ é"],
)
def test_meaning_is_any_json_value(value: Json) -> None:
    assert meaning(activate(Phrase("red shoes", value), "hat"), "red shoes") == value


def test_phrases_that_begin_alike_are_told_apart() -> None:
    grammar = activate("red", "red shoes", "red hat", "hat")

    assert [meaning(grammar, words) for words in ("red", "red hat", "hat", "red red")] == [
        "red",
        "red hat",
        "hat",
        "no match",
    ]
    assert grammar.words_status(["red"]) is Progress.COMPLETE_OPEN
    assert grammar.words_status(["red", "hat"]) is Progress.COMPLETE


def test_first_of_two_equal_phrases_wins() -> None:
    assert meaning(activate(Phrase("Ann", 1), Phrase("ann!", 2)), "ann") == 1


def test_writing_is_made_speakable() -> None:
    grammar = activate("Salt & Vinegar", "O'Neill, J.R.", "Crème brûlée")

    assert hear(grammar, "salt and vinegar")
    assert hear(grammar, "o'neill jr")
    assert hear(grammar, "crème brûlée")
    assert meaning(activate("A & B", language="de"), "a b") == "A & B"


@pytest.mark.parametrize("said", ["model 42", "model forty two", "model four two"])
def test_numbers_are_said_as_a_whole_or_in_digits(said: str) -> None:
    grammar = activate("Model 42", "Model 7")

    assert meaning(grammar, said) == "Model 42"
    sentences = itertools.islice(sample(_compiled("Model 42"), 1), 40)
    assert {" ".join(words) for words in sentences} == {
        "model 42",
        "model forty two",
        "model four two",
    }


def _compiled(text: str) -> CompiledGrammar:
    return compile_phrases([Phrase(text, text)], ENGLISH).grammar


def test_what_cannot_be_spoken_is_left_out_and_named() -> None:
    result = compile_phrases(
        [Phrase(text, text) for text in ("tea", "!?", "", "x" * 201, "milk")]
        + [Phrase("nothing to speak of", float("nan"))],
        ENGLISH,
    )

    assert (result.unspeakable, result.dropped) == ((1, 2, 3, 5), 0)
    assert meaning(ActiveGrammar("k", ENGLISH, [("l", result.grammar)]), "milk") == "milk"


def test_bounds_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases_module, "MAX_PHRASES", 3)
    assert _dropped([Phrase(text, 1) for text in "abcde"]) == 2
    monkeypatch.setattr(phrases_module, "MAX_MEANINGS_CHARACTERS", 50)
    assert _dropped([Phrase("a", "x" * 40), Phrase("b", "x" * 40), Phrase("c", 1)]) == 2


def _dropped(phrases: list[Phrase]) -> int:
    result: CompiledPhrases = compile_phrases(phrases, ENGLISH)
    return result.dropped


@pytest.mark.parametrize("texts", [(), ("...",)])
def test_list_of_nothing_holds_nothing(texts: tuple[str, ...]) -> None:
    grammar = activate(*texts)

    assert hear(grammar, "anything") is None
    assert grammar.words_status([]) is Progress.DEAD
    assert not grammar.network().arcs(grammar.network().start)


def test_every_phrase_of_a_long_list_is_found_also_in_a_worker() -> None:
    chance = random.Random(5)
    letters = "abcdefgh"
    texts = sorted({" ".join(chance.choices(letters, k=chance.randint(1, 5))) for _ in range(900)})
    grammar: ActiveGrammar = pickle.loads(pickle.dumps(activate(*texts)))

    assert [meaning(grammar, text) for text in texts] == texts


def test_equal_lists_have_equal_grammars() -> None:
    assert activate("a", "b") == activate("a", "b")
    assert activate("a") != activate("b")
    assert activate(Phrase("a", 1)) != activate(Phrase("a", 2))
    assert activate("a") != activate("a", language="de")
