"""Sentences that take every way through a grammar."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.coverage import coverage
from voicebot.grammar.matcher import best_match
from voicebot.grammar.words import word_lattice

Compile = Callable[..., CompiledGrammar]


def sentences(grammar: CompiledGrammar) -> list[str]:
    return [" ".join(sentence.words) for sentence in coverage(grammar)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("$main = a (b | c [d]) e;", ["a b e", "a c e", "a c d e"]),
        ("$main = [please] $x | $y; $x = go | now; $y = stop;", ["please go", "go", "now", "stop"]),
        ("$main = a<1-3>;", ["a", "a a", "a a a"]),
        ("$main = a<1->;", ["a", "a a"]),
        ("$main = a $main b | c;", ["a c b"]),
        ("$main = a $VOID | b; $unused = c;", ["b"]),
        ("$main = $GARBAGE a;", ["a"]),
        ('$main = "new york" | boston;', ["new york", "boston"]),
        ("$main = $VOID;", []),
    ],
)
def test_every_alternative_is_taken(
    compile_rules: Compile, rules: str, expected: list[str]
) -> None:
    assert sorted(sentences(compile_rules(rules))) == sorted(expected)


def test_sentences_match_their_grammar(compile_rules: Compile) -> None:
    grammar = compile_rules(
        "$main = $a<0-2> (x | $b<1-> | s $main y) [$a];$a = [u] v | $b {t}; $b = w (z | [q] r);"
    )
    found = sentences(grammar)

    assert len(found) > 10
    for sentence in found:
        assert best_match(grammar, word_lattice(sentence.split(), "")), sentence


def test_words_know_their_place(compile_rules: Compile) -> None:
    rules = '$main = go "to the" $place;\n$place = [the] zoo;'
    sentence = max(coverage(compile_rules(rules)), key=lambda each: len(each.words))

    assert sentence.words == ("go", "to", "the", "the", "zoo")
    assert [(at.line, at.column) for _, at in sentence.places] == [
        (3, 9), (3, 12), (3, 12), (4, 11), (4, 16),
    ]  # fmt: skip
