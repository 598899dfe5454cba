"""Words to the best tree: a chart over the compiled grammar, best weight first.

Knuth's generalisation of Dijkstra's search, over readings of a rule from one position to another.
Each (rule begun at, state, position) is settled once, so time is polynomial in the length of the
input whatever the grammar, and there is no recursion. Among readings of equal weight the one
written first in the grammar wins, and longer repeats before shorter.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.states import GARBAGE_WEIGHT, NOTHING, Move
from voicebot.grammar.tree import Node, Tree
from voicebot.grammar.words import MAX_WORDS, Lattice

MAX_TREE_DEPTH = 100
"""Rules within rules in a tree; speech that nests deeper is taken for no match."""

MAX_TREE_SIZE = 50_000
"""Steps of a reading. Rules that match without a word can double at every level, so that a few
lines of grammar hold trees without end; input with such a tree is taken for no match."""

MAX_READINGS = 300_000
"""Readings tried for one input, after which it is taken for no match: some two seconds."""


class _Reading:
    """A rule, begun at ``origin``, read up to ``position`` and now in ``state``.

    ``before`` is the reading that led here, by ``output`` (a token or tag) or through ``inner``,
    a finished reading of the rule called by ``move``.
    """

    __slots__ = ("before", "cost", "inner", "move", "origin", "output", "position", "rule", "state")

    def __init__(
        self,
        rule: int,
        origin: int,
        state: int,
        position: int,
        cost: float,
        before: _Reading | None = None,
        output: int = NOTHING,
        inner: _Reading | None = None,
        move: Move | None = None,
    ) -> None:
        self.rule = rule
        self.origin = origin
        self.state = state
        self.position = position
        self.cost = cost
        self.before = before
        self.output = output
        self.inner = inner
        self.move = move


@dataclass(slots=True)
class _Call:
    """One rule begun at one position: who waits for it and how it has ended so far."""

    waiting: list[tuple[_Reading, Move]] = field(default_factory=list)
    finished: list[_Reading] = field(default_factory=list)


def best_match(grammar: CompiledGrammar, lattice: Lattice) -> tuple[Tree, float] | None:
    """Find the best tree over the whole input and its log weight (<= 0); None for no match."""
    if lattice.end == 0 or lattice.end > MAX_WORDS:
        return None
    finished = _Chart(grammar, lattice).search()
    if finished is None:
        return None
    tree = _TreeBuilder(grammar).tree(finished, grammar.rules[finished.rule].name, 1)
    return None if tree is None else (tree, -finished.cost)


class _Chart:
    def __init__(self, grammar: CompiledGrammar, lattice: Lattice) -> None:
        self._grammar = grammar
        self._lattice = lattice
        self._agenda: list[tuple[float, int, _Reading]] = []
        self._pushed = 0
        self._settled: set[tuple[int, int, int]] = set()
        self._calls: dict[tuple[int, int], _Call] = {}

    def search(self) -> _Reading | None:
        """Give the best reading of a root over the whole input."""
        roots = set(self._grammar.roots)
        for root in reversed(self._grammar.roots):
            self._begin(root, 0)
        while self._agenda:
            reading = heapq.heappop(self._agenda)[2]
            key = (reading.origin, reading.state, reading.position)
            if key in self._settled:
                continue
            self._settled.add(key)
            if self._pushed > MAX_READINGS:
                return None
            if self._grammar.states[reading.state].final:
                whole = reading.origin == 0 and reading.position == self._lattice.end
                if whole and reading.rule in roots:
                    return reading
                self._finish(reading)
            else:
                self._continue(reading)
        return None

    def _push(self, reading: _Reading) -> None:
        # Of equal costs the latest comes first: the search goes deep before it goes wide.
        self._pushed += 1
        heapq.heappush(self._agenda, (reading.cost, -self._pushed, reading))

    def _begin(self, rule: int, position: int) -> _Call:
        call = self._calls[rule, position] = _Call()
        start = self._grammar.rules[rule].start
        self._push(_Reading(rule, position, start, position, 0.0))
        return call

    def _finish(self, reading: _Reading) -> None:
        call = self._calls[reading.rule, reading.origin]
        call.finished.append(reading)
        for caller, move in reversed(call.waiting):
            self._return(caller, move, reading)

    def _return(self, caller: _Reading, move: Move, inner: _Reading) -> None:
        cost = caller.cost - move.weight + inner.cost
        self._push(
            _Reading(
                caller.rule, caller.origin, move.target, inner.position, cost, caller,
                inner=inner, move=move,
            )
        )  # fmt: skip

    def _continue(self, reading: _Reading) -> None:
        """Push what can come next; what is written first is pushed last, to be taken first."""
        ways: list[tuple[int, _Reading | Move]] = list(self._words(reading))
        ways.extend((move.order, move) for move in self._grammar.states[reading.state].moves)
        if len(ways) > 1:
            ways.sort(key=lambda way: way[0], reverse=True)
        for _, way in ways:
            if isinstance(way, _Reading):
                self._push(way)
            elif way.rule == NOTHING:
                cost = reading.cost - way.weight
                self._push(self._after(reading, way.target, reading.position, cost, way.output))
            else:
                self._call(reading, way)

    def _call(self, reading: _Reading, move: Move) -> None:
        call = self._calls.get((move.rule, reading.position))
        if call is None:
            call = self._begin(move.rule, reading.position)
        call.waiting.append((reading, move))
        for inner in reversed(call.finished):
            self._return(reading, move, inner)

    def _words(self, reading: _Reading) -> Iterator[tuple[int, _Reading]]:
        state = self._grammar.states[reading.state]
        for word, following in self._lattice.edges[reading.position]:
            for arc in state.words.get(word, ()):
                cost = reading.cost - arc.weight
                yield arc.order, self._after(reading, arc.target, following, cost, arc.output)
            if state.any_word != NOTHING:
                cost = reading.cost - GARBAGE_WEIGHT
                after = self._after(reading, state.any_word, following, cost, NOTHING)
                yield len(state.moves) + len(state.words), after

    @staticmethod
    def _after(reading: _Reading, state: int, position: int, cost: float, output: int) -> _Reading:
        return _Reading(reading.rule, reading.origin, state, position, cost, reading, output)


class _TreeBuilder:
    def __init__(self, grammar: CompiledGrammar) -> None:
        self._grammar = grammar
        self._left = MAX_TREE_SIZE

    def tree(self, finished: _Reading, label: str, depth: int) -> Tree | None:
        """Give the tree of a rule as read; None for one that is too deep or too large."""
        if depth > MAX_TREE_DEPTH:
            return None
        children: list[Node] = []
        step: _Reading | None = finished
        while step is not None:
            if step.inner is not None and step.move is not None:
                inner = self.tree(step.inner, step.move.label, depth + 1)
                if inner is None:
                    return None
                children.append(inner)
            elif step.output != NOTHING:
                children.append(self._grammar.outputs[step.output])
            self._left -= 1
            if self._left < 0:
                return None
            step = step.before
        rule = self._grammar.rules[finished.rule]
        return Tree(label, tuple(reversed(children)), rule.name, rule.document)
