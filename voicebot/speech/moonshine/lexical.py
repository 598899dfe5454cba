"""How a word network can be spelled: the ways in which the model may write what was said.

The model writes as a person would: ``Make me a double-shot, 16 ounce mocha.`` This file turns a
network of words into a graph of characters that accepts such spellings, lazily, node by node:

- words are parted by any punctuation or space (see `normalise`), none of which carries meaning;
- number words may be digits: ``16``, ``23`` for 'twenty three', ``2,500`` for 'two thousand five
  hundred', ``21st``; digits and single letters may run together: ``1234``, ``AB12``;
- a grammar that is written with digits may be heard as words.

- a sign before an amount (``$5``) is a word of the grammar: 'usd', 'eur', 'gbp'.

Left out on purpose: fractions ('2.5' for 'two point five'), numbers of a million and more. The
decoder then spells the words out, at some loss of confidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple

from voicebot.grammar.active import WordNetwork
from voicebot.speech.moonshine.normalise import SEPARATOR
from voicebot.speech.moonshine.written import ORDINALS, TENS, UNITS, spellings

_HUNDREDS: Final = 2
_THOUSANDS: Final = 3


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


class Reading(NamedTuple):
    """One way to spell the next word or words from a state of the network.

    ``due`` digits must still follow to finish the number (``1`` for 'one hundred' wants two).
    ``joins`` where it may stand against a neighbour that also joins.
    """

    spelling: str
    words: tuple[str, ...]
    target: int
    due: int
    weight: float
    joins: bool


class Step(NamedTuple):
    """A character leads to ``node``, having finished ``words``."""

    node: int
    weight: float
    words: tuple[str, ...]


@dataclass(slots=True)
class _Node:
    """A place in the graph. Boundaries know where they stand; their steps are built when asked."""

    steps: dict[str, list[Step]] | None = None
    boundary: tuple[int, int, Gap] | None = None
    children: dict[str, int] = field(default_factory=dict)
    ends: list[Reading] = field(default_factory=list)


class SpellingGraph:
    """The characters that spell a word network; nodes are small integers, made on demand."""

    def __init__(self, network: WordNetwork) -> None:
        self._network = network
        self._nodes: list[_Node] = []
        self._boundaries: dict[tuple[int, int, Gap], int] = {}
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
        boundary = self._nodes[node].boundary
        return boundary is not None and boundary[1] == 0

    def is_final(self, node: int) -> bool:
        """Whether the utterance may end at ``node``."""
        return self.end_weight(node) is not None

    def end_weight(self, node: int) -> float | None:
        """The network's log weight of ending at ``node``, None where no utterance ends."""
        boundary = self._nodes[node].boundary
        if boundary is None or boundary[1] != 0:
            return None
        return self._network.end_weight(boundary[0])

    def read(self, text: str, *, partial: bool = False) -> tuple[str, ...] | None:
        """The words that ``text`` (as `normalise` makes it) spells, by the path of greatest weight.

        None where it is no sentence of the network; ``partial`` takes one that ends between words.
        """
        reached: dict[int, tuple[float, tuple[str, ...]]] = {self.start: (0.0, ())}
        for character in text:
            following: dict[int, tuple[float, tuple[str, ...]]] = {}
            for node, (weight, words) in reached.items():
                for step in self.steps(node).get(character, ()):
                    total = weight + step.weight
                    if step.node not in following or following[step.node][0] < total:
                        following[step.node] = (total, words + step.words)
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

    def _add(self, node: _Node) -> int:
        self._nodes.append(node)
        return len(self._nodes) - 1

    def _expand(self, node: _Node) -> dict[str, list[Step]]:
        if node.boundary is None:
            return self._steps_of(node.children)
        state, due, gap = node.boundary
        steps: dict[str, list[Step]] = {}
        if gap is not Gap.CLOSED:
            steps |= self._steps_of(self._trie(state, due, gap).children)
        if gap is not Gap.TWO and due != _HUNDREDS:
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


def _gap_after(reading: Reading) -> Gap:
    if not reading.joins or reading.spelling.endswith("00"):
        return Gap.CLOSED
    return Gap.ROUND if reading.spelling[1:].endswith("0") else Gap.RUN


def _may_follow(reading: Reading, gap: Gap) -> bool:
    if gap is Gap.RUN:
        return reading.joins
    return gap is not Gap.ROUND or (reading.joins and len(reading.spelling) > 1)


def readings(network: WordNetwork, state: int, due: int = 0) -> Iterator[Reading]:
    """All ways to spell what may come next in ``state``, with ``due`` digits of a number open."""
    if due == 0:
        yield from _words(network, state)
        yield from _compounds(network, state)
        yield from _large_numbers(network, state)
    elif due == _HUNDREDS:
        yield Reading("00", (), state, 0, 0.0, joins=True)
        yield from _below_hundred(network, state, "")
    else:
        yield Reading("000", (), state, 0, 0.0, joins=True)
        yield from _below_hundred(network, state, "0")
        yield from _hundreds(network, state, most=9)


def _words(network: WordNetwork, state: int) -> Iterator[Reading]:
    for word, (target, weight) in network.arcs(state).items():
        for text in spellings(word):
            joins = text.isdigit() or len(text) == 1
            yield Reading(text, (word,), target, 0, weight, joins)


def _compounds(network: WordNetwork, state: int) -> Iterator[Reading]:
    """'twenty three' as 23, 'twenty third' as 23rd."""
    for word, (between, weight) in network.arcs(state).items():
        if word not in TENS:
            continue
        for unit, (target, more) in network.arcs(between).items():
            digits = ORDINALS.get(unit) or UNITS.get(unit, "0")
            if digits != "0":
                text = TENS[word] + digits
                yield Reading(text, (word, unit), target, 0, weight + more, joins=True)


def _below_hundred(network: WordNetwork, state: int, before: str) -> Iterator[Reading]:
    """What may follow 'hundred' or 'thousand': two digits, an 'and' before them or not."""
    places: list[tuple[int, tuple[str, ...], float]] = [(state, (), 0.0)]
    if "and" in network.arcs(state):
        target, weight = network.arcs(state)["and"]
        places.append((target, ("and",), weight))
    for place, words, weight in places:
        for reading in (*_words(network, place), *_compounds(network, place)):
            if reading.spelling.isdigit() and int(reading.spelling) > 0:
                yield reading._replace(
                    spelling=before + reading.spelling.zfill(2),
                    words=words + reading.words,
                    weight=weight + reading.weight,
                )


def _hundreds(network: WordNetwork, state: int, most: int = 99) -> Iterator[Reading]:
    """'three hundred' as 3, 'fifteen hundred' as 15, two digits due; from 1 to ``most`` hundred."""
    for reading in (*_words(network, state), *_compounds(network, state)):
        digits = "1" if reading.words == ("a",) else reading.spelling
        following = network.arcs(reading.target)
        if "hundred" in following and digits.isdigit() and 0 < int(digits) <= most:
            target, weight = following["hundred"]
            words = (*reading.words, "hundred")
            yield Reading(digits, words, target, _HUNDREDS, reading.weight + weight, joins=True)


def _large_numbers(network: WordNetwork, state: int) -> Iterator[Reading]:
    yield from _hundreds(network, state)
    for reading in (*_words(network, state), *_compounds(network, state)):
        digits = "1" if reading.words == ("a",) else reading.spelling
        if not digits.isdigit() or int(digits) == 0:
            continue  # before looking further: what follows each name of a long list is much
        following = network.arcs(reading.target)
        if "thousand" in following:
            target, weight = following["thousand"]
            words = (*reading.words, "thousand")
            yield Reading(digits, words, target, _THOUSANDS, reading.weight + weight, joins=True)
