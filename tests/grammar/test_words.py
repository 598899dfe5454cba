"""Text to words, and what a word may stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.grammar.words import Lattice, key_lattice, normalise_words, spellings, word_lattice


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, World!", ("hello", "world")),
        ("what's up", ("what's", "up")),
        ("O’Clock", ("o'clock",)),
        ("the dogs' bowl", ("the", "dogs", "bowl")),
        ("at 5 p.m. today", ("at", "5", "pm", "today")),
        ("the U.S.A. wins", ("the", "usa", "wins")),
        ("so am I. Good.", ("so", "am", "i", "good")),
        ("twenty-one", ("twenty", "one")),
        ("$5.99", ("5", "99")),
        ("ＦＵＬＬ　ｗｉｄｔｈ １２", ("full", "width", "12")),
        ("नमस्ते दुनिया", ("नमस्ते", "दुनिया")),
        ("네, 하나", ("네", "하나")),
        (" ... ", ()),
    ],
)
def test_text_becomes_comparable_words(text: str, words: tuple[str, ...]) -> None:
    assert normalise_words(text) == words


@given(st.text(max_size=60))
def test_normalised_words_stay_as_they_are(text: str) -> None:
    words = normalise_words(text)
    assert normalise_words(" ".join(words)) == words
    assert all(word and word == word.strip() for word in words)


def test_numbers_stand_for_their_names() -> None:
    assert ("sixteen",) in spellings("16", "en-US")
    assert ("second",) in spellings("2nd", "en-GB")
    assert ("sieben",) in spellings("7", "de-DE")
    assert spellings("7", "xx") == (("7",),)
    assert spellings("word", "en-US") == (("word",),)


def _sentences(lattice: Lattice, position: int = 0) -> set[str]:
    if position == lattice.end:
        return {""}
    return {
        f"{word} {rest}".strip()
        for word, following in lattice.edges[position]
        for rest in _sentences(lattice, following)
    }


def test_lattice_reads_a_number_as_a_whole_and_in_digits() -> None:
    lattice = word_lattice(("16", "ounce"), "en-US")
    read = _sentences(lattice)
    assert {"16 ounce", "sixteen ounce", "one six ounce"} <= read


def test_lattice_of_keys_knows_zero_by_both_names() -> None:
    lattice = key_lattice("0#", "en-US")
    assert _sentences(lattice) == {"0 #", "zero #", "oh #", "o #"}
    plain = key_lattice("0#", None)
    assert _sentences(plain) == {"0 #"}
