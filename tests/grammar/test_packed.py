"""Compiled grammars laid out flat."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from voicebot.grammar.compiled import CompiledGrammar

RULES = '$main = /2/ [please] call $who {a} | /1/ "ring up" ($who {b})<0-2 /0.4/> | $GARBAGE;'
WHO = "$who = ann | bob {c} | call {d};"


def test_states_and_outputs_are_the_same_after_pickling(
    compile_rules: Callable[..., CompiledGrammar],
) -> None:
    before = compile_rules(RULES + WHO, tags="semantics/1.0-literals")
    after: CompiledGrammar = pickle.loads(pickle.dumps(before))
    again: CompiledGrammar = pickle.loads(pickle.dumps(after))

    for grammar in (after, again):
        assert grammar == before
        assert (grammar.rules, grammar.roots) == (before.rules, before.roots)
        assert list(grammar.outputs) == list(before.outputs)
        assert list(grammar.shortest) == list(before.shortest)
        assert len(grammar.states) == len(before.states)
        for packed, state in zip(grammar.states, before.states, strict=True):
            assert packed.words == state.words
            assert list(packed.words) == list(state.words)
            assert packed.moves == state.moves
            assert (packed.any_word, packed.final) == (state.any_word, state.final)


def test_states_are_a_sequence(compile_rules: Callable[..., CompiledGrammar]) -> None:
    grammar: CompiledGrammar = pickle.loads(pickle.dumps(compile_rules(RULES + WHO)))

    assert grammar.states[3] is grammar.states[3]
    assert grammar.states[1:3] == [grammar.states[1], grammar.states[2]]
    assert grammar.outputs[1:2] == [grammar.outputs[1]]
    for missing in (-1, len(grammar.states)):
        with pytest.raises(IndexError):
            grammar.states[missing]
