"""Compiled grammars joined into one that calls them, whatever they were made of.

A driver grammar has placeholder rules; each is replaced by another compiled grammar, from a file in
any notation or made of a list. Nothing is read or linked again: states, rules and outputs stand one
after another with their numbers shifted, and documents keep their own tags and tag-formats.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from voicebot.grammar.ast import Grammar, Tag, Token
from voicebot.grammar.compiled import CompiledGrammar, CompiledRule
from voicebot.grammar.shortest import shortest_ways
from voicebot.grammar.states import NOTHING, Move, State, WordArc


def compose(driver: CompiledGrammar, parts: Mapping[str, CompiledGrammar]) -> CompiledGrammar:
    """Put ``parts`` in the place of the driver's rules of these names.

    A part that stands in several places is there once.
    """
    joined = _Joined()
    joined.add(driver)
    roots: dict[str, list[int]] = {}
    for name, part in parts.items():
        shift = joined.add(part)
        roots[name] = [root + shift for root in part.roots]
    placeholders = {
        number: roots[rule.name] for number, rule in enumerate(driver.rules) if rule.name in roots
    }
    for state in joined.states[: len(driver.states)]:
        state.moves = [
            each if rule is None else each._replace(rule=rule)
            for each in state.moves
            for rule in placeholders.get(each.rule, [None])
        ]
    return joined.grammar(driver, parts)


class _Joined:
    def __init__(self) -> None:
        self.documents: list[Grammar] = []
        self.rules: list[CompiledRule] = []
        self.states: list[State] = []
        self.outputs: list[Token | Tag] = []
        self._known: dict[str, int] = {}

    def add(self, grammar: CompiledGrammar) -> int:
        """Append a grammar; give the number that its rules are shifted by."""
        known = self._known.get(grammar.key)
        if known is not None:
            return known
        documents, rules = len(self.documents), len(self.rules)
        states, outputs = len(self.states), len(self.outputs)
        self.documents += grammar.documents
        self.rules += [
            CompiledRule(
                rule.name, rule.document + documents, rule.start + states, rule.end + states
            )
            for rule in grammar.rules
        ]
        self.outputs += grammar.outputs
        self.states += [_shifted(state, states, rules, outputs) for state in grammar.states]
        self._known[grammar.key] = rules
        return rules

    def grammar(
        self, driver: CompiledGrammar, parts: Mapping[str, CompiledGrammar]
    ) -> CompiledGrammar:
        keys = repr((driver.key, [(name, part.key) for name, part in parts.items()]))
        starts = [rule.start for rule in self.rules]
        ends = [rule.end for rule in self.rules]
        return CompiledGrammar(
            key=f"composed:{hashlib.sha256(keys.encode()).hexdigest()}",
            documents=tuple(self.documents),
            roots=driver.roots,
            rules=tuple(self.rules),
            states=self.states,
            outputs=self.outputs,
            shortest=shortest_ways(self.states, starts, ends),
        )


def _shifted(state: State, states: int, rules: int, outputs: int) -> State:
    made = State()
    made.final = state.final
    made.any_word = state.any_word if state.any_word == NOTHING else state.any_word + states
    for word, arcs in state.words.items():
        made.words[word] = [
            WordArc(arc.order, arc.target + states, arc.weight, _plus(arc.output, outputs))
            for arc in arcs
        ]
    made.moves = [
        Move(
            move.order,
            move.target + states,
            move.weight,
            _plus(move.output, outputs),
            _plus(move.rule, rules),
            move.label,
        )
        for move in state.moves
    ]
    return made


def _plus(number: int, shift: int) -> int:
    return number if number == NOTHING else number + shift
