"""The network that a decoder walks."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.network import GrammarNetwork

Compile = Callable[..., CompiledGrammar]


def _walk(network: GrammarNetwork, text: str) -> tuple[bool, float] | None:
    """Whether a sentence may end after ``text``, and its weight; None where the way is lost."""
    state, weight = network.start, 0.0
    for word in text.split():
        arc = network.arcs(state).get(word)
        if arc is None:
            return None
        state, weight = arc[0], weight + arc[1]
    return network.is_final(state), weight


def test_network_follows_rules_and_repeats(compile_rules: Compile) -> None:
    network = GrammarNetwork([compile_rules("$main = [please] $d<2-3>;\n$d = one | two;")])
    assert _walk(network, "please one") == (False, 0.0)
    assert _walk(network, "one two one") == (True, 0.0)
    assert _walk(network, "one two one two") is None


def test_ending_has_the_weight_of_the_way_there(compile_rules: Compile) -> None:
    network = GrammarNetwork([compile_rules("$main = a (/1/ $NULL | /4/ b);")])
    after = network.arcs(network.start)["a"][0]
    assert network.end_weight(network.start) is None
    assert network.end_weight(after) == pytest.approx(math.log(1 / 4), abs=0.02)
    assert network.end_weight(network.arcs(after)["b"][0]) == 0.0


def test_arcs_of_a_state_are_one_dict(compile_rules: Compile) -> None:
    network = GrammarNetwork([compile_rules("$main = a | b;")])
    assert network.arcs(0) is network.arcs(0)


def test_weights_sum_up_along_the_best_way(compile_rules: Compile) -> None:
    network = GrammarNetwork([compile_rules("$main = /4/ a b | /1/ a c | /2/ d;")])
    half, quarter = math.log(0.5), math.log(0.25)
    assert _walk(network, "d") == pytest.approx((True, half), abs=0.02)
    assert _walk(network, "a b") == pytest.approx((True, 0.0), abs=0.02)
    assert _walk(network, "a c") == pytest.approx((True, quarter), abs=0.02)


def test_several_grammars_are_one_network(compile_rules: Compile) -> None:
    network = GrammarNetwork([compile_rules("$main = a b;"), compile_rules("$main = a c;")])
    assert [_walk(network, text) for text in ("a b", "a c", "a d")] == [(True, 0.0)] * 2 + [None]


def test_loop_by_recursion_at_the_end_stays_finite(compile_rules: Compile) -> None:
    network = GrammarNetwork([compile_rules("$main = $d | $d $main;\n$d = one | two;")])
    assert _walk(network, "one two " * 200) == (True, 0.0)
    assert len(network) < 10


def test_nested_recursion_is_followed_to_a_depth(compile_rules: Compile) -> None:
    network = GrammarNetwork([compile_rules("$main = x | ( a $main b );")])
    assert _walk(network, "a " * 30 + "x " + "b " * 30) == (True, 0.0)
    assert _walk(network, "a " * 100) is None


def test_absurdly_ambiguous_recursion_stays_bounded(compile_rules: Compile) -> None:
    rules = "$main = z | a $main x | a $main y | a $b x;\n$b = a $main | a $b | z $b z | z;"
    network = GrammarNetwork([compile_rules(rules)])
    assert _walk(network, "a " * 60) is not None


def test_rules_that_share_their_beginning_stay_bounded(compile_rules: Compile) -> None:
    # Each level doubles the ways to come back: 2 to the 40th readings before the first word.
    levels = "\n".join(f"$r{level} = $r{level + 1} x | $r{level + 1} y;" for level in range(40))
    network = GrammarNetwork([compile_rules(f"$main = $r0;\n{levels}\n$r40 = z;")])
    assert set(network.arcs(0)) == {"z"}


def test_rule_that_calls_itself_twice_is_read_deep(compile_rules: Compile) -> None:
    # Found by chance: 2 to the nth ways to come back after n words, though all are alike.
    network = GrammarNetwork([compile_rules("$main = $r; $r = (a ((a)<0-1>) [($r $r)]);")])
    assert all(_walk(network, "a " * count) == (True, 0.0) for count in (1, 12, 13, 60))


def test_garbage_is_no_arc_but_any_word_advances(compile_rules: Compile) -> None:
    network = GrammarNetwork([compile_rules("$main = $GARBAGE help;")])
    assert set(network.arcs(0)) == {"help"}
    assert network.any_word(0) is not None
    state = network.advance(0, "um")
    assert state is not None
    assert not network.is_final(state)
    state = network.advance(state, "help")
    assert state is not None
    assert network.is_final(state)
    assert network.advance(state, "me") is not None  # 'help' may have been garbage


def test_dead_ends_are_no_arcs(compile_rules: Compile) -> None:
    network = GrammarNetwork([compile_rules("$main = a $VOID | b | c $e;\n$e = x $e;")])
    assert set(network.arcs(0)) == {"b"}


def test_long_list_of_names_gives_one_dict(compile_rules: Compile) -> None:
    names = " | ".join(f"first{index} last{index}" for index in range(20_000))
    network = GrammarNetwork([compile_rules(f"$main = call $name;\n$name = {names};")])
    after_call = network.arcs(0)["call"][0]
    assert len(network.arcs(after_call)) == 20_000
    assert _walk(network, "call first777 last777") == (True, 0.0)
