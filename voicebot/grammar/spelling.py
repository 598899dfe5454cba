"""Typed sentences with slips in them: what the grammar holds that was probably meant.

A best-first search over the word network along the readings of the line, in which a word may also
stand for another one of the network that is a slip or two away (`near.distance`). Short words and
numbers must be right: 'no' is near to everything, and a digit is never a slip of another. Words are
neither added nor left out; that is for intents. Pure, and bounded.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicebot.grammar.active import WordNetwork
from voicebot.grammar.near import distance
from voicebot.grammar.words import normalise_words, word_lattice

MOST_WORDS = 24
MOST_ARCS = 3_000
"""A state with more ways on than this is a list; its slips are left to `near`."""
MOST_STEPS = 4_000
MOST_SENTENCES = 4


@dataclass(frozen=True, slots=True)
class Respelled:
    """A sentence of the network, and how like what was typed it is, 0 to 1."""

    words: tuple[str, ...]
    likeness: float


def respell(network: WordNetwork, text: str, language: str) -> tuple[Respelled, ...]:
    """Give the sentences with the fewest slips, one where it is clear; () where none is near."""
    typed = normalise_words(text)
    if not typed or len(typed) > MOST_WORDS:
        return ()
    letters = sum(map(len, typed))
    return tuple(
        Respelled(words, 1 - slips / letters) for slips, words in _nearest(network, typed, language)
    )


def _nearest(
    network: WordNetwork, typed: Sequence[str], language: str
) -> list[tuple[int, tuple[str, ...]]]:
    lattice = word_lattice(typed, language)
    most = sum(1 for word in typed if allowed_slips(word)) + 1
    agenda: list[tuple[int, int, int, int, tuple[str, ...]]] = [(0, 0, 0, network.start, ())]
    settled: Counter[tuple[int, int]] = Counter()
    found: list[tuple[int, tuple[str, ...]]] = []
    for step in range(1, MOST_STEPS + 1):
        if not agenda or len(found) == MOST_SENTENCES:
            break
        slips, _, position, state, words = heapq.heappop(agenda)
        if found and slips > found[0][0]:
            break
        # Words without tags lead to one state and still mean different things.
        if settled[position, state] == MOST_SENTENCES:
            continue
        settled[position, state] += 1
        if position == lattice.end:
            if network.is_final(state):
                found.append((slips, words))
            continue
        for word, following in lattice.edges[position]:
            for meant, more, after in _ways(network, state, word):
                if slips + more <= most:
                    place = step * MOST_ARCS + len(agenda)
                    heapq.heappush(agenda, (slips + more, place, following, after, (*words, meant)))
    return found


def _ways(network: WordNetwork, state: int, word: str) -> Iterator[tuple[str, int, int]]:
    """What ``word`` may stand for here: the word, the slips, the state after it."""
    exact = network.advance(state, word)
    if exact is not None:
        yield word, 0, exact
    allowed = allowed_slips(word)
    arcs = network.arcs(state)
    if not allowed or len(arcs) > MOST_ARCS:
        return
    for other, (after, _) in arcs.items():
        if other == word or abs(len(other) - len(word)) > allowed or not allowed_slips(other):
            continue
        slips = distance(word, other)
        if slips <= allowed:
            yield other, slips, after


def allowed_slips(word: str) -> int:
    """How many slips of the pen a word of this length forgives."""
    if len(word) < 3 or not word.replace("'", "").isalpha():
        return 0
    return 1 if len(word) < 7 else 2
