"""What the model may write for what a grammar holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.speech.recognition.conftest import GrammarMaker
from voicebot.grammar.store import GrammarStore
from voicebot.speech.moonshine.lexical import SpellingGraph
from voicebot.speech.moonshine.normalise import spelling
from voicebot.types import Json

Reader: TypeAlias = Callable[[str, str], str | None]

UNIT = "(one | two | three | four | five | six | seven | eight | nine)"
TEEN = "(ten | eleven | twelve | fifteen | nineteen)"
TENS = "(twenty | thirty | fifty | ninety)"
HUNDRED = f"({UNIT} | {TEEN} | {TENS} [{UNIT}])"


@pytest.fixture
def read(grammar: GrammarMaker) -> Reader:
    """Read what the model wrote along a grammar: the words, or None."""

    def make(rule: str, written: str) -> str | None:
        graph = SpellingGraph(grammar(rule).network())
        words = graph.read(spelling(f" {written}"))
        return None if words is None else " ".join(words)

    return make


@pytest.mark.parametrize(
    ("written", "common"),
    [
        (" Make", " make"),
        ("...", " "),
        ("O’Clock", "o'clock"),
        (" Café", " cafe"),
        ("½", "1 2"),
        (" - ", " "),
        (" $5.", " $5 "),
    ],
)
def test_common_form(written: str, common: str) -> None:
    assert spelling(written) == common


@pytest.mark.parametrize(
    "written", ["a double shot mocha", "A double-shot, mocha.", '"A double shot. Mocha!"']
)
def test_capitals_and_punctuation_carry_no_meaning(read: Reader, written: str) -> None:
    assert read("a double shot mocha", written) == "a double shot mocha"


def test_words_may_not_run_together(read: Reader) -> None:
    assert read("a mocha", "amocha") is None


def test_other_words_are_refused(read: Reader) -> None:
    assert read("a mocha | a latte", "a tea") is None


@pytest.mark.parametrize("written", ["1234", "1-2-3-4", "1, 2, 3, 4.", "one two 34", "12 thirty4"])
def test_digits_may_stand_alone_or_in_a_run(read: Reader, written: str) -> None:
    expected = None if "thirty" in written else "one two three four"
    assert read(f"{UNIT}<4>", written) == expected


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("16 ounce", "sixteen ounce"),
        ("16-oz", "sixteen ounce"),
        ("sixteen ounce", "sixteen ounce"),
        ("20 oz.", "twenty ounce"),
    ],
)
def test_numbers_may_be_figures(read: Reader, written: str, words: str) -> None:
    assert read("(sixteen | twenty) ounce", written) == words


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("23", "twenty three"),
        ("20", "twenty"),
        ("203", None),
        ("twenty-three", "twenty three"),
        ("19", "nineteen"),
    ],
)
def test_two_figures_may_be_two_words(read: Reader, written: str, words: str | None) -> None:
    assert read(HUNDRED, written) == words


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("currency", "$19.99", "USD19.99"),
        ("currency", "$5", "USD5.00"),
        ("currency", "£1,250", "GBP1250.00"),
        ("currency", "5 dollars.", "USD5.00"),
        ("time", "1500 hours", "1500h"),
        ("time", "3:00 p.m.", "0300p"),
        ("time", "7:05", "0705?"),
        ("date", "May 13th, 1993.", "19930513"),
        ("date", "the 20th of March 2026", "20260320"),
        ("date", "March 3rd, 2005", "20050303"),
        ("number", "2500", 2500),
        ("phone", "1-800-555-0112", "18005550112"),
    ],
)
def test_values_of_builtin_grammars_as_they_are_written(
    kind: str, written: str, value: Json
) -> None:
    active = GrammarStore(Path("/nowhere")).active([f"builtin:{kind}"])
    words = SpellingGraph(active.network()).read(spelling(f" {written}"))
    match = active.match_words(words or ())
    assert match is not None
    assert match.semantics == value


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("100", "one hundred"),
        ("105", "one hundred five"),
        ("123", "one hundred twenty three"),
        ("315", "three hundred fifteen"),
        ("3 hundred fifteen", "three hundred fifteen"),
        ("3 15", None),
    ],
)
def test_hundreds(read: Reader, written: str, words: str | None) -> None:
    assert read(f"{UNIT} hundred [{HUNDRED}]", written) == words


def test_round_number_and_figure_do_not_make_another_number(read: Reader) -> None:
    rule = f"{TENS} {UNIT} | {UNIT} hundred {UNIT}"
    assert read(rule, "203") == "two hundred three"
    assert read(f"{UNIT} hundred {UNIT}", "1005") is None
    assert read(f"{TENS} {TEEN}", "2019") == "twenty nineteen"


def test_and_inside_a_number_is_not_written(read: Reader) -> None:
    assert read(f"{UNIT} hundred and {HUNDRED}", "205") == "two hundred and five"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("2,500", "two thousand five hundred"),
        ("2500", "two thousand five hundred"),
        ("12,000", "twelve thousand"),
        ("2,023", "two thousand twenty three"),
        ("2,0", None),
    ],
)
def test_thousands(read: Reader, written: str, words: str | None) -> None:
    rule = f"{HUNDRED} thousand [{UNIT} hundred] [{HUNDRED}]"
    assert read(rule, written) == words


def test_ordinals(read: Reader) -> None:
    rule = "the [twenty] (first | second | third)"
    assert read(rule, "the 2nd") == "the second"
    assert read(rule, "the 21st") == "the twenty first"


def test_grammar_of_figures_is_heard_as_words(read: Reader) -> None:
    assert read('"1" | "23"', "one") == "1"
    assert read('"1" | "23"', "twenty three") == "23"


def test_single_letters_may_run_together(read: Reader) -> None:
    assert read("(a | b | c)<3> one", "ABC1") == "a b c one"


def test_weight_decides_between_equal_spellings(read: Reader) -> None:
    assert read("/1/ zero | /9/ oh", "0") == "oh"


def test_bare_punctuation_cannot_go_on(grammar: GrammarMaker) -> None:
    graph = SpellingGraph(grammar("a mocha").network())
    assert graph.read(" a" + " " * 2 + "mocha") == ("a", "mocha")
    assert graph.read(" a" + " " * 3 + "mocha") is None


def test_beginning_of_a_sentence_counts_only_as_partial(grammar: GrammarMaker) -> None:
    graph = SpellingGraph(grammar("one two three").network())
    assert graph.read(" one two") is None
    assert graph.read(" one two", partial=True) == ("one", "two")
    assert graph.read(" one tw", partial=True) is None
