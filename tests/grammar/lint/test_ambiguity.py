"""Sentences with two meanings."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.grammar.lint.conftest import brief
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.lint.ambiguity import MOST_FINDINGS, ambiguities

Compile = Callable[..., CompiledGrammar]
SCRIPT = "semantics/1.0"


def find(grammar: CompiledGrammar) -> list[str]:
    return brief(ambiguities(grammar))


def test_sentence_and_both_meanings_are_named(compile_rules: Compile) -> None:
    grammar = compile_rules(
        "$main = ($send {out = rules.send} | $back {out = rules.back}) [please];\n"
        "$send = send {out = 'send'} | take it [back] {out = 'take'};\n"
        "$back = back {out = 'go'} | take it back {out = 'return'};",
        tags=SCRIPT,
    )

    (finding,) = ambiguities(grammar)
    assert str(finding.error) == (
        f'{grammar.main.file}:4:31: \'take it back\' has two meanings: "take" and "return" '
        f"(the other reading at {grammar.main.file}:5:29). "
        "Take the words out of one of the two, or let both mean the same."
    )


@pytest.mark.parametrize(
    ("rules", "sentences"),
    [
        ("$main = a {1} | a {2};", ["a"]),
        ("$main = a {1} | b {2} | a {1};", []),
        ("$main = [a] [a] {1} b;", []),
        ("$main = a (b {1} | [b] {2}) c;", ["a b c"]),
        ("$main = $x {1} | $y {2}; $x = [a] b c; $y = b [c] d | b c;", ["b c"]),
        ("$main = a $main b {1} | a a b b {2} | c;", []),
        ("$main = a $main b | a a c b b {2} | c {1};", ["a a c b b"]),
        ("$main = ($d)<1-3>; $d = one {1} | one two {2} | two {3};", ["one two"]),
        ("$main = $GARBAGE {1} | a {2};", []),
        ("$main = a {nope} | a {yes};", ["a"]),
    ],
)
def test_different_meanings_of_the_same_words(
    compile_rules: Compile, rules: str, sentences: list[str]
) -> None:
    found = find(compile_rules(rules, tags="semantics/1.0-literals"))

    assert [line.split("'")[1] for line in found] == sentences


def test_same_words_by_two_rules_may_mean_the_same(compile_rules: Compile) -> None:
    grammar = compile_rules(
        "$main = a {1} | $b; $b = a {1} | b {2};", tags="semantics/1.0-literals"
    )

    assert not find(grammar)


def test_tags_that_fail_are_not_compared(compile_rules: Compile) -> None:
    assert not find(compile_rules("$main = a {nope()} | a {out = 2};", tags=SCRIPT))


def test_duplicate_is_found_at_the_end_of_a_long_list(compile_rules: Compile) -> None:
    names = " | ".join(f"ann n{number} {{{number}}}" for number in range(3000))
    grammar = compile_rules(f"$main = {names} | ann n2999 {{x}};", tags="semantics/1.0-literals")

    (line,) = find(grammar)
    assert '\'ann n2999\' has two meanings: "2999" and "x"' in line


@pytest.mark.parametrize(
    "rules",
    [
        "$main = ([a] [b] [c] [d] [e] [f] [g] [h] {1})<0-20> z {2};",
        "$main = ($main1 | a)<0->; $main1 = (a | b)<0-> {1};",
        "$main = a $main a | a $main | [b] a {x};",
        "$main = " + " | ".join(["[a] [b] [c] w"] * 60) + ";",
    ],
)
def test_search_is_bounded(compile_rules: Compile, rules: str) -> None:
    grammar = compile_rules(rules, tags="semantics/1.0-literals")
    began = time.process_time()

    assert len(find(grammar)) <= MOST_FINDINGS
    assert time.process_time() - began < 10
