"""How a word network can be spelled: the ways in which the model may write what was said.

The model writes as a person would: ``Make me a double-shot, 16 ounce mocha.`` This file turns a
network of words into a graph of characters that accepts such spellings, lazily, node by node:

- words are parted by any punctuation or space (see `normalise`), none of which carries meaning;
- number words may be digits: ``16``, ``23`` for 'twenty three', ``2,500`` for 'two thousand five
  hundred', ``21st``; digits and single letters may run together: ``1234``, ``AB12``;
- a grammar that is written with digits may be heard as words.

- a sign before an amount (``$5``) is a word of the grammar: 'usd', 'eur', 'gbp';
- where the grammar has ``$GARBAGE``, any word may come. Its letters are no steps of the graph, for
  every token of the model would follow: `loose` says where such a word may begin.

Left out on purpose: fractions ('2.5' for 'two point five'), numbers of a million and more. The
decoder then spells the words out, at some loss of confidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from voicebot.grammar.active import WordNetwork
from voicebot.speech.moonshine.next_words import HUNDREDS, Reading, readings
from voicebot.speech.moonshine.normalise import SEPARATOR


class Gap(IntEnum):
    """What lies between the last word and the next."""

    CLOSED = 0
    """Nothing yet; a separator must come."""
    RUN = 1
    """Nothing yet, after a digit or single letter: another one may follow at once."""
    ROUND = 2
    """As RUN, after '20': one figure would make another number of it, '19' would not."""
    ONE = 3
    """One separator (',' or ' ')."""
    TWO = 4
    """Two (', '); no third is taken, so that bare punctuation cannot go on for ever."""


class Loose(NamedTuple):
    """A word that ``$GARBAGE`` takes may begin, or go on, at ``node``.

    ``apart`` where a separator must come before it; ``weight`` is what the word costs.
    """

    node: int
    weight: float
    apart: bool


class Step(NamedTuple):
    """A character leads to ``node``, having finished ``words``."""

    node: int
    weight: float
    words: tuple[str, ...]


@dataclass(slots=True)
class _Node:
    """A place in the graph. Boundaries know where they stand; their steps are built when asked.
    A place within a word that ``$GARBAGE`` takes knows the state ``within`` which it ends."""

    steps: dict[str, list[Step]] | None = None
    boundary: tuple[int, int, Gap] | None = None
    within: int | None = None
    children: dict[str, int] = field(default_factory=dict)
    ends: list[Reading] = field(default_factory=list)


class SpellingGraph:
    """The characters that spell a word network; nodes are small integers, made on demand."""

    def __init__(self, network: WordNetwork) -> None:
        self._network = network
        self._nodes: list[_Node] = []
        self._boundaries: dict[tuple[int, int, Gap], int] = {}
        self._within: dict[int, int] = {}
        self._tries: dict[tuple[int, int, Gap], _Node] = {}
        self.start = self._boundary(network.start, 0, Gap.CLOSED)

    def steps(self, node: int) -> Mapping[str, list[Step]]:
        """The characters that may come after ``node`` and where each leads."""
        place = self._nodes[node]
        if place.steps is None:
            place.steps = self._expand(place)
        return place.steps

    def between_words(self, node: int) -> bool:
        """Whether all that was begun is finished at ``node``."""
        place = self._nodes[node]
        return place.within is not None or (place.boundary is not None and place.boundary[1] == 0)

    def is_final(self, node: int) -> bool:
        """Whether the utterance may end at ``node``."""
        return self.end_weight(node) is not None

    def end_weight(self, node: int) -> float | None:
        """The network's log weight of ending at ``node``, None where no utterance ends."""
        place = self._nodes[node]
        if place.within is not None:
            return self._network.end_weight(place.within)
        if place.boundary is None or place.boundary[1] != 0:
            return None
        return self._network.end_weight(place.boundary[0])

    def loose(self, node: int) -> Iterator[Loose]:
        """Where words that ``$GARBAGE`` takes begin or go on at ``node``."""
        place = self._nodes[node]
        if place.within is not None:
            yield Loose(node, 0.0, apart=False)
            state, gap = place.within, Gap.CLOSED
        elif place.boundary is not None and place.boundary[1] == 0:
            state, _, gap = place.boundary
        else:
            return
        found = self._network.any_word(state)
        if found is None:
            return
        target, weight = self._inside(found[0]), found[1]
        if gap in {Gap.ONE, Gap.TWO}:
            yield Loose(target, weight, apart=False)
        if gap is not Gap.TWO:
            yield Loose(target, weight, apart=True)

    def is_loose(self, node: int) -> bool:
        """Whether ``node`` stands within a word that ``$GARBAGE`` takes."""
        return self._nodes[node].within is not None

    def read(self, text: str, *, partial: bool = False) -> tuple[str, ...] | None:
        """The words that ``text`` (as `normalise` makes it) spells, by the path of greatest weight.

        None where it is no sentence of the network; ``partial`` takes one that ends between words.
        """
        reached: dict[int, tuple[float, tuple[str, ...]]] = {self.start: (0.0, ())}
        for character in text:
            following: dict[int, tuple[float, tuple[str, ...]]] = {}
            for node, (weight, words) in reached.items():
                for step in self.steps(node).get(character, ()):
                    _reach(following, step.node, weight + step.weight, words + step.words)
                for loose in self.loose(node) if is_loose_letter(character) else ():
                    if not loose.apart:
                        grown = (
                            (*words[:-1], words[-1] + character)
                            if loose.node == node
                            else (*words, character)
                        )
                        _reach(following, loose.node, weight + loose.weight, grown)
            reached = following
        may_end = self.between_words if partial else self.is_final
        ends = [
            (weight + (self.end_weight(node) or 0.0), words)
            for node, (weight, words) in reached.items()
            if may_end(node)
        ]
        return max(ends, key=lambda found: found[0])[1] if ends else None

    def _boundary(self, state: int, due: int, gap: Gap) -> int:
        key = (state, due, gap)
        if key not in self._boundaries:
            self._boundaries[key] = self._add(_Node(boundary=key))
        return self._boundaries[key]

    def _inside(self, state: int) -> int:
        """The place within a word that ``$GARBAGE`` takes and that leads to ``state``."""
        if state not in self._within:
            self._within[state] = self._add(_Node(within=state))
        return self._within[state]

    def _add(self, node: _Node) -> int:
        self._nodes.append(node)
        return len(self._nodes) - 1

    def _expand(self, node: _Node) -> dict[str, list[Step]]:
        if node.within is not None:
            return {SEPARATOR: [Step(self._boundary(node.within, 0, Gap.ONE), 0.0, ())]}
        if node.boundary is None:
            return self._steps_of(node.children)
        state, due, gap = node.boundary
        steps: dict[str, list[Step]] = {}
        if gap is not Gap.CLOSED:
            steps |= self._steps_of(self._trie(state, due, gap).children)
        if gap is not Gap.TWO and due != HUNDREDS:
            following = Gap.TWO if gap is Gap.ONE else Gap.ONE
            steps[SEPARATOR] = [Step(self._boundary(state, due, following), 0.0, ())]
        return steps

    def _steps_of(self, children: Mapping[str, int]) -> dict[str, list[Step]]:
        steps: dict[str, list[Step]] = {}
        for character, child in children.items():
            place = self._nodes[child]
            steps[character] = [Step(child, 0.0, ())] if place.children else []
            for end in place.ends:
                node = self._boundary(end.target, end.due, _gap_after(end))
                steps[character].append(Step(node, end.weight, end.words))
        return steps

    def _trie(self, state: int, due: int, gap: Gap) -> _Node:
        key = (state, due, Gap.ONE if gap is Gap.TWO else gap)
        if key not in self._tries:
            root = self._tries[key] = _Node()
            for reading in readings(self._network, state, due):
                if _may_follow(reading, gap):
                    self._insert(root, reading)
        return self._tries[key]

    def _insert(self, root: _Node, reading: Reading) -> None:
        node = root
        for character in reading.spelling:
            if character not in node.children:
                node.children[character] = self._add(_Node())
            node = self._nodes[node.children[character]]
        node.ends.append(reading)


def is_loose_letter(character: str) -> bool:
    """Whether words that ``$GARBAGE`` takes may be written with ``character``."""
    return character.isascii() and (character.isalnum() or character == "'")


def _reach(
    reached: dict[int, tuple[float, tuple[str, ...]]],
    node: int,
    weight: float,
    words: tuple[str, ...],
) -> None:
    if node not in reached or reached[node][0] < weight:
        reached[node] = (weight, words)


def _gap_after(reading: Reading) -> Gap:
    if not reading.joins or reading.spelling.endswith("00"):
        return Gap.CLOSED
    return Gap.ROUND if reading.spelling[1:].endswith("0") else Gap.RUN


def _may_follow(reading: Reading, gap: Gap) -> bool:
    if gap is Gap.RUN:
        return reading.joins
    return gap is not Gap.ROUND or (reading.joins and len(reading.spelling) > 1)
