"""Typed values: read as what they mean first, word by word where no grammar holds that."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.words import Lattice
from voicebot.grammar.written import text_lattices

Activate = Callable[..., ActiveGrammar]


def _sentences(lattice: Lattice, position: int = 0) -> set[str]:
    if position == lattice.end:
        return {""}
    return {
        f"{word} {rest}".strip()
        for word, following in lattice.edges[position]
        for rest in _sentences(lattice, following)
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("$5", "usd five"),
        ("€ 1,250.50", "eur one thousand two hundred fifty point five zero"),
        ("5£", "gbp five"),
        ("50¢", "fifty cents"),
        ("-2", "minus two"),
        (".5", "zero point five"),
        ("3:05 p.m.", "three oh five pm"),
        ("3pm", "three pm"),
        ("15:00", "fifteen hundred"),
        ("9:00", "nine o'clock"),
        ("2026-03-03", "march third twenty twenty six"),
        ("12/25/99", "december twenty fifth nineteen ninety nine"),
        ("Fri, Sept 1", "friday september one"),
        ("x89", "x eight nine"),
    ],
)
def test_value_is_read_as_it_would_be_said(text: str, said: str) -> None:
    assert said in _sentences(text_lattices(text, "en-US")[0])


@pytest.mark.parametrize("text", ["13/25", "25:10", "2026-13-01", "hello", "555-1234"])
def test_what_is_no_value_has_one_reading(text: str) -> None:
    assert len(text_lattices(text, "en-US")) == 1


@pytest.mark.parametrize(("text", "language"), list(product(["$5", "3:30"], ["de-DE", "ko"])))
def test_other_languages_are_read_word_by_word(text: str, language: str) -> None:
    assert len(text_lattices(text, language)) == 1


def test_grammar_that_holds_the_characters_matches_as_before(activate: Activate) -> None:
    active = activate('$main = "version 2.5" | "sat";')
    assert active.match_words(["version 2.5"]) is not None
    assert active.match_words(["sat"]) is not None
