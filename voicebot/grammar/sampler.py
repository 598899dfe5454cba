"""Random sentences of a grammar: to hear what it lets callers say, and to test everything else.

A walk over the compiled states: alternatives are taken by their weights, and when the sentence has
grown past `BUDGET` words the walk takes the shortest way out. Every sentence matches its grammar.
``$GARBAGE`` says nothing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from voicebot.errors import GrammarError
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.matcher import MAX_TREE_DEPTH
from voicebot.grammar.shortest import NEVER
from voicebot.grammar.states import NOTHING

BUDGET = 12
"""Words after which a sentence is brought to its end."""

_ATTEMPTS = 50
_LONGEST_WALK = 5_000


def sample(grammar: CompiledGrammar, seed: int | None = None) -> Iterator[tuple[str, ...]]:
    """Give random sentences (tuples of words, or of keys) without end.

    The same ``seed`` gives the same sentences. Raises GrammarError where nothing can be said.
    """
    chance = random.Random(seed)
    roots = [root for root in grammar.roots if grammar.shortest[grammar.rules[root].start] < NEVER]
    if not roots:
        raise GrammarError(
            grammar.main.file, 0, 0, "nothing can be said: every way ends in $VOID or never ends"
        )
    while True:
        for attempt in range(_ATTEMPTS):
            words = _walk(grammar, chance.choice(roots), chance, attempt >= _ATTEMPTS // 2)
            if words:
                yield words
                break
        else:
            raise GrammarError(grammar.main.file, 0, 0, "the grammar holds no words")


def _walk(
    grammar: CompiledGrammar, root: int, chance: random.Random, hurry: bool
) -> tuple[str, ...] | None:
    """Walk once; None for a sentence without words, or one that got too deep."""
    words: list[str] = []
    returns: list[int] = []
    at = grammar.rules[root].start
    for _ in range(_LONGEST_WALK):
        if grammar.states[at].final:
            if not returns:
                return tuple(words) or None
            at = returns.pop()
            continue
        word, target, rule = _step(grammar, at, chance, hurry or len(words) >= BUDGET)
        if word is not None:
            words.append(word)
        at = target
        if rule != NOTHING:
            returns.append(target)
            if len(returns) >= MAX_TREE_DEPTH - 1:
                return None
            at = grammar.rules[rule].start
    return None


def _step(
    grammar: CompiledGrammar, at: int, chance: random.Random, hurry: bool
) -> tuple[str | None, int, int]:
    """Choose a way on: the word it says, the state after it, the rule it calls."""
    state = grammar.states[at]
    ways: list[tuple[str | None, int, int]] = []
    weights: list[float] = []
    left: list[int] = []
    for word, arcs in state.words.items():
        for arc in arcs:
            ways.append((word, arc.target, NOTHING))
            weights.append(math.exp(arc.weight))
            left.append(1 + grammar.shortest[arc.target])
    for move in state.moves:
        called = grammar.shortest[grammar.rules[move.rule].start] if move.rule != NOTHING else 0
        ways.append((None, move.target, move.rule))
        weights.append(math.exp(move.weight))
        left.append(called + grammar.shortest[move.target])
    if hurry:
        least = min(left)
        weights = [
            weight if way == least else 0.0 for weight, way in zip(weights, left, strict=True)
        ]
    return chance.choices(ways, weights)[0]
