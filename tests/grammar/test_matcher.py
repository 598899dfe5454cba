"""Words to trees: the best reading, ties, and time that stays polynomial."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.matcher import best_match
from voicebot.grammar.words import MAX_WORDS, word_lattice

Compile = Callable[..., CompiledGrammar]


def _tree(grammar: CompiledGrammar, text: str) -> str | None:
    found = best_match(grammar, word_lattice(text.split(), "en-US"))
    return str(found[0]) if found else None


def _weight(grammar: CompiledGrammar, text: str) -> float:
    found = best_match(grammar, word_lattice(text.split(), "en-US"))
    assert found is not None
    return found[1]


def test_weights_decide_between_readings(compile_rules: Compile) -> None:
    grammar = compile_rules("$main = /1/ $a | /9/ $b;\n$a = x;\n$b = x;")
    assert _tree(grammar, "x") == '$main[$b["x"]]'
    assert _weight(grammar, "x") == 0.0


def test_first_written_reading_wins_a_tie(compile_rules: Compile) -> None:
    grammar = compile_rules("$main = $a | x | $b;\n$a = $b y | x;\n$b = x;")
    assert _tree(grammar, "x") == '$main[$a["x"]]'
    assert _tree(compile_rules("$main = x {t} | $a;\n$a = x;"), "x") == '$main["x",{!{t}!}]'


def test_the_longest_input_is_read_and_a_longer_one_is_not(compile_rules: Compile) -> None:
    grammar = compile_rules("$main = $GARBAGE;")
    assert _tree(grammar, "x " * MAX_WORDS) is not None
    assert _tree(grammar, "x " * (MAX_WORDS + 1)) is None
    assert _tree(grammar, "") is None


def test_repeats_are_greedy(compile_rules: Compile) -> None:
    grammar = compile_rules("$main = $a $b;\n$a = x<0->;\n$b = x<0->;")
    assert _tree(grammar, "x x x") == '$main[$a["x","x","x"],$b[]]'


def test_weights_are_logarithms_scaled_to_the_likeliest(compile_rules: Compile) -> None:
    grammar = compile_rules("$main = (/2/ a | /1/ b | c) d<0-2 /0.25/>;")
    assert _weight(grammar, "a") == pytest.approx(0.0)
    assert _weight(grammar, "c") == pytest.approx(-0.6931, abs=1e-4)
    assert _weight(grammar, "a d") == pytest.approx(-1.0986, abs=1e-4)
    assert _weight(grammar, "b d d") == pytest.approx(-0.6931 - 2 * 1.0986, abs=1e-4)


def test_weight_of_nothing_is_the_last_choice(compile_rules: Compile) -> None:
    grammar = compile_rules("$main = /0/ a {never} | /1/ a {always} | /0/ b;")
    assert _tree(grammar, "a") == '$main["a",{!{always}!}]'
    assert _weight(grammar, "b") == -20.0


def test_garbage_takes_as_few_words_as_it_can(compile_rules: Compile) -> None:
    grammar = compile_rules("$main = $GARBAGE [please] help $GARBAGE;")
    assert _tree(grammar, "oh my please help me") == '$main["please","help"]'
    assert _weight(grammar, "oh my please help me") == -3.0


def test_tags_come_where_they_stand_and_once_for_empty_repeats(compile_rules: Compile) -> None:
    grammar = compile_rules("$main = {a} x ({b} [y] {c})<2-> {d};")
    assert _tree(grammar, "x") == '$main[{!{a}!},"x",{!{b}!},{!{c}!},{!{d}!}]'


def test_nothing_matches_the_empty_input(compile_rules: Compile) -> None:
    assert _tree(compile_rules("$main = [x];"), "") is None


def test_ambiguous_recursion_stays_polynomial(compile_rules: Compile) -> None:
    # Catalan(n) readings of n words: hopeless for who tries them one by one.
    grammar = compile_rules("$main = x | x $main $main;")
    assert _tree(grammar, " ".join(["x"] * 41)) is not None
    assert _tree(grammar, " ".join(["x"] * 40)) is None


def test_empty_alternatives_in_loops_end(compile_rules: Compile) -> None:
    grammar = compile_rules("$main = ((a | [b] | ())<0-> [c])<0->;")
    assert _tree(grammar, "a b c c a") == '$main["a","b","c","c","a"]'


def test_speech_nested_beyond_reason_is_no_match(compile_rules: Compile) -> None:
    grammar = compile_rules("$main = x | x $main;")
    assert _tree(grammar, " ".join(["x"] * 90)) is not None
    assert _tree(grammar, " ".join(["x"] * 200)) is None
    assert _tree(grammar, " ".join(["x"] * 5000)) is None
