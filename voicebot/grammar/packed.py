"""Compiled states as a few flat arrays: what a grammar is on disk and on its way to a worker.

A list of twenty thousand names has forty thousand states and twice as many small objects; as arrays
they are written and read in milliseconds, and a state becomes an object when it is first asked for.
A decoder that hears one name asks for a handful.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, overload

from voicebot.grammar.ast import Position, Tag, Token
from voicebot.grammar.states import Move, State, WordArc


@dataclass(slots=True)
class PackedStates(Sequence[State]):
    """States by number, made when asked for and then kept.

    ``arcs_from[n]`` to ``arcs_from[n + 1]`` are the word arcs of state ``n`` in ``arcs``, five
    numbers each: word, order, target, output, and the index of the weight; ``moves`` likewise with
    order, target, output, rule, label and weight.
    """

    words: list[str]
    labels: list[str]
    weights: array[float]
    arcs: array[int]
    arcs_from: array[int]
    moves: array[int]
    moves_from: array[int]
    any_word: array[int]
    finals: bytes
    _made: dict[int, State] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.finals)

    @overload
    def __getitem__(self, number: int) -> State: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[State]: ...
    def __getitem__(self, number: int | slice) -> State | Sequence[State]:
        if isinstance(number, slice):
            return [self[index] for index in range(*number.indices(len(self)))]
        known = self._made.get(number)
        if known is None:
            if not 0 <= number < len(self.finals):
                raise IndexError(number)
            known = self._made[number] = self._make(number)
        return known

    def __iter__(self) -> Iterator[State]:
        return (self[number] for number in range(len(self)))

    def __reduce__(self) -> tuple[type[PackedStates], tuple[object, ...]]:
        return PackedStates, (
            self.words,
            self.labels,
            self.weights,
            self.arcs,
            self.arcs_from,
            self.moves,
            self.moves_from,
            self.any_word,
            self.finals,
        )

    def _make(self, number: int) -> State:
        state = State()
        for at in range(self.arcs_from[number], self.arcs_from[number + 1], _ARC):
            word, order, target, output, weight = self.arcs[at : at + _ARC]
            arc = WordArc(order, target, self.weights[weight], output)
            state.words.setdefault(self.words[word], []).append(arc)
        for at in range(self.moves_from[number], self.moves_from[number + 1], _MOVE):
            order, target, output, rule, label, weight = self.moves[at : at + _MOVE]
            state.moves.append(
                Move(order, target, self.weights[weight], output, rule, self.labels[label])
            )
        state.any_word = self.any_word[number]
        state.final = bool(self.finals[number])
        return state


@dataclass(slots=True)
class PackedOutputs(Sequence[Token | Tag]):
    """Tokens and tags by number, made when asked for; ``places`` are lines and columns in turn."""

    texts: list[str]
    are_tags: bytes
    places: array[int]

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, number: int) -> Token | Tag: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Token | Tag]: ...
    def __getitem__(self, number: int | slice) -> Token | Tag | Sequence[Token | Tag]:
        if isinstance(number, slice):
            return [self[index] for index in range(*number.indices(len(self)))]
        at = Position(self.places[2 * number], self.places[2 * number + 1])
        return (Tag if self.are_tags[number] else Token)(self.texts[number], at)

    def __reduce__(self) -> tuple[type[PackedOutputs], tuple[object, ...]]:
        return PackedOutputs, (self.texts, self.are_tags, self.places)


_ARC = 5
_MOVE = 6

_T = TypeVar("_T")


class _Numbers(dict[_T, int]):
    """Gives each different thing the next number when it is first looked up."""

    def __missing__(self, thing: _T) -> int:
        number = self[thing] = len(self)
        return number


def pack_states(states: Sequence[State]) -> PackedStates:
    """Lay ``states`` out flat."""
    if isinstance(states, PackedStates):
        return states
    words, labels, weights = _Numbers[str](), _Numbers[str](), _Numbers[float]()
    arcs, moves = array("i"), array("i")
    arcs_from, moves_from = array("i", [0]), array("i", [0])
    for state in states:
        for word, ways in state.words.items():
            number = words[word]
            for order, target, weight, output in ways:
                arcs.extend((number, order, target, output, weights[weight]))
        for order, target, weight, output, rule, label in state.moves:
            moves.extend((order, target, output, rule, labels[label], weights[weight]))
        arcs_from.append(len(arcs))
        moves_from.append(len(moves))
    return PackedStates(
        list(words),
        list(labels),
        array("d", weights),
        arcs,
        arcs_from,
        moves,
        moves_from,
        array("i", [state.any_word for state in states]),
        bytes(state.final for state in states),
    )


def pack_outputs(outputs: Iterable[Token | Tag]) -> PackedOutputs:
    """Lay ``outputs`` out flat."""
    if isinstance(outputs, PackedOutputs):
        return outputs
    kept = list(outputs)
    places = array("i")
    for output in kept:
        places.extend((output.at.line, output.at.column))
    return PackedOutputs(
        [output.text for output in kept], bytes(isinstance(item, Tag) for item in kept), places
    )
