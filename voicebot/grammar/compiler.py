"""Linked rules to one table of states: words, silent moves and calls of rules (`compiled`).

Repeats are unrolled, up to `MAX_SIZE` arcs in all. The weights of a set of alternatives are scaled
so that the likeliest costs nothing, as are the two ways on from a repeat with a probability: a
decoder compares whole paths, and a long list must not cost more than a short one for its length
alone. Languages attached to parts of a rule are read and checked, but make no difference here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from voicebot.grammar.analysis import can_be_empty, empty_rules, find_left_recursion, size
from voicebot.grammar.ast import (
    Alternatives,
    Expansion,
    ExternalRef,
    Grammar,
    InLanguage,
    Repeat,
    RuleRef,
    Sequence,
    Special,
    SpecialName,
    Tag,
    Token,
)
from voicebot.grammar.compiled import CompiledGrammar, CompiledRule
from voicebot.grammar.linker import Linked, RuleKey
from voicebot.grammar.shortest import NEVER, shortest_ways
from voicebot.grammar.states import NOTHING, Move, State, WordArc
from voicebot.grammar.words import DTMF_NAMES, normalise_words
from voicebot.types import KEYS

MAX_SIZE = 400_000
"""Arcs of a grammar after its repeats are unrolled."""

LEAST_WEIGHT = -20.0
"""What a weight or probability of 0 becomes: last choice, but still a choice."""


def compile_grammar(linked: Linked) -> CompiledGrammar:
    """Compile. Raises GrammarError for left recursion and for a grammar that is too large."""
    empty = empty_rules(linked)
    find_left_recursion(linked, empty)
    builder = _Builder(linked, empty)
    builder.build()
    shortest = shortest_ways(
        builder.states, [rule.start for rule in builder.rules], [rule.end for rule in builder.rules]
    )
    _drop_dead_ends(builder.states, shortest, builder.rules)
    return CompiledGrammar(
        key=linked.key,
        documents=tuple(_header_only(document) for document in linked.documents),
        roots=tuple(builder.index[0, name] for name in linked.roots),
        rules=tuple(builder.rules),
        states=builder.states,
        outputs=tuple(builder.outputs),
        shortest=shortest,
    )


def _drop_dead_ends(states: list[State], shortest: list[int], rules: list[CompiledRule]) -> None:
    """Take out what leads to a state from which no end can be reached."""
    if NEVER not in shortest:
        return
    for state in states:
        words = {
            word: [arc for arc in arcs if shortest[arc.target] < NEVER]
            for word, arcs in state.words.items()
        }
        state.words = {word: arcs for word, arcs in words.items() if arcs}
        state.moves = [
            move
            for move in state.moves
            if shortest[move.target] < NEVER
            and (move.rule == NOTHING or shortest[rules[move.rule].start] < NEVER)
        ]


def _header_only(document: Grammar) -> Grammar:
    return replace(document, rules=())


@dataclass(slots=True)
class _Builder:
    linked: Linked
    empty: frozenset[RuleKey]
    states: list[State] = field(default_factory=list)
    rules: list[CompiledRule] = field(default_factory=list)
    outputs: list[Token | Tag] = field(default_factory=list)
    index: dict[RuleKey, int] = field(default_factory=dict)
    _document: int = 0
    _words: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def build(self) -> None:
        self._check_size()
        for number, (document, name) in enumerate(self.linked.rules):
            self.index[document, name] = number
            start, end = self._state(), self._state()
            self.states[end].final = True
            self.rules.append(CompiledRule(name, document, start, end))
        for number, rule in enumerate(self.linked.rules.values()):
            compiled = self.rules[number]
            self._document = compiled.document
            self._expand(rule.expansion, compiled.start, compiled.end)

    def _check_size(self) -> None:
        total = 0
        for (document, name), rule in self.linked.rules.items():
            total += size(rule.expansion, MAX_SIZE)
            if total > MAX_SIZE:
                raise self.linked.documents[document].error(
                    rule.at,
                    f"with its repeats unrolled, ${name} makes the grammar too large",
                    "Give repeats smaller or open ends (<0->), or split the grammar.",
                )

    def _state(self) -> int:
        self.states.append(State())
        return len(self.states) - 1

    def _move(
        self,
        start: int,
        end: int,
        weight: float = 0.0,
        output: int = NOTHING,
        rule: int = NOTHING,
        label: str = "",
    ) -> None:
        state = self.states[start]
        order = len(state.moves) + len(state.words)
        state.moves.append(Move(order, end, weight, output, rule, label))

    def _output(self, output: Token | Tag) -> int:
        self.outputs.append(output)
        return len(self.outputs) - 1

    def _expand(self, node: Expansion, start: int, end: int) -> None:
        """Add the ways through ``node`` from ``start`` to ``end``.

        Adds nothing that leads back to ``start`` or on from ``end``: both may be shared.
        """
        match node:
            case Token():
                self._token(node, start, end)
            case Tag():
                self._move(start, end, output=self._output(node))
            case RuleRef() | ExternalRef():
                rule = self.index[self.linked.target(self._document, node)]
                label = node.name if isinstance(node, RuleRef) else node.written
                self._move(start, end, rule=rule, label=label)
            case Special():
                self._special(node, start, end)
            case Sequence():
                self._sequence(node.items, start, end)
            case Alternatives():
                self._alternatives(node, start, end)
            case Repeat():
                self._repeat(node, start, end)
            case InLanguage():
                self._expand(node.item, start, end)

    def _token(self, token: Token, start: int, end: int) -> None:
        document = self.linked.documents[self._document]
        if document.mode == "dtmf":
            text = DTMF_NAMES.get(token.text.lower(), token.text.upper())
            words: tuple[str, ...] = tuple("".join(text.split()))
            if any(word not in KEYS for word in words):
                raise document.error(
                    token.at,
                    f"'{token.text}' is no key",
                    'Keys are 0 to 9, "*", "#" and A to D; a DTMF grammar holds nothing else.',
                )
            token = Token(text, token.at)
        else:
            words = normalise_words(token.text)
        if not words:
            raise document.error(
                token.at, f"'{token.text}' holds nothing that can be spoken", "Remove it."
            )
        output, at = self._output(token), start
        for word in words[:-1]:
            target = self._state()
            self._word(at, word, target, NOTHING)
            at = target
        self._word(at, words[-1], end, output)

    def _word(self, start: int, word: str, end: int, output: int) -> None:
        state = self.states[start]
        arc = WordArc(len(state.moves) + len(state.words), end, 0.0, output)
        state.words.setdefault(word, []).append(arc)

    def _special(self, node: Special, start: int, end: int) -> None:
        if node.name is SpecialName.NULL:
            self._move(start, end)
        elif node.name is SpecialName.GARBAGE:
            loop = self._state()
            self._move(start, loop)
            self._move(loop, end)
            self.states[loop].any_word = loop

    def _sequence(self, items: Iterable[Expansion], start: int, end: int) -> None:
        at, last = start, list(items)
        if not last:
            self._move(start, end)
            return
        for item in last[:-1]:
            target = self._state()
            self._expand(item, at, target)
            at = target
        self._expand(last[-1], at, end)

    def _alternatives(self, node: Alternatives, start: int, end: int) -> None:
        weights = [1.0 if item.weight is None else item.weight for item in node.items]
        greatest = max(weights)
        for item, weight in zip(node.items, weights, strict=True):
            scaled = _logarithm(weight / greatest) if greatest > 0 else 0.0
            at = start
            if scaled < 0:
                at = self._state()
                self._move(start, at, scaled)
            self._expand(item.expansion, at, end)

    def _repeat(self, node: Repeat, start: int, end: int) -> None:
        minimum, maximum = node.minimum, node.maximum
        if maximum == 0:
            self._move(start, end)
            return
        if self._can_be_empty(node.item):
            # Repeats that read nothing count as one (SRGS 1.0, 2.5): its tags come once.
            minimum = min(minimum, 1)
        go_on, stop = _repeat_weights(node.probability)
        at = start
        for _ in range(minimum):
            target = self._state()
            self._expand(node.item, at, target)
            at = target
        if maximum is None:
            self._loop(node.item, at, end, go_on, stop)
            return
        for _ in range(maximum - minimum):
            into, target = self._state(), self._state()
            self._move(at, into, go_on)
            self._expand(node.item, into, target)
            self._move(at, end, stop)
            at = target
        self._move(at, end)

    def _loop(self, item: Expansion, start: int, end: int, go_on: float, stop: float) -> None:
        loop, into = self._state(), self._state()
        self._move(start, loop)
        self._move(loop, into, go_on)
        self._expand(item, into, loop)
        self._move(loop, end, stop)

    def _can_be_empty(self, node: Expansion) -> bool:
        return can_be_empty(node, self.linked, self._document, self.empty)


def _logarithm(ratio: float) -> float:
    return max(math.log(ratio), LEAST_WEIGHT) if ratio > 0 else LEAST_WEIGHT


def _repeat_weights(probability: float | None) -> tuple[float, float]:
    if probability is None:
        return 0.0, 0.0
    greatest = max(probability, 1 - probability)
    return _logarithm(probability / greatest), _logarithm((1 - probability) / greatest)
