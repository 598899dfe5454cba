"""Compiled grammars as one acceptor over words, made deterministic while it is used.

A state of this network is a set of readings of the words so far. A reading is a state of a compiled
grammar and the stack of rules to come back to; the way through words is computed when a state is
first asked, then kept. A rule called at the very end of another needs no stack, so that loops
written by recursion stay finite; truly nested recursion is followed `MAX_STACK` rules deep.

Words that only ``$GARBAGE`` would take are not among `arcs`, which are listed word by word: where
it may take any word at all, `any_word` says where that leads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.states import GARBAGE_WEIGHT, NOTHING, State

MAX_STACK = 64
SPARE_READINGS = 1_000
"""A state keeps as many readings as there are grammar states twice over, and this many more. Only
absurdly ambiguous recursion has more; the likeliest, and of these the shallowest, are kept."""

_STEP = 64
"""Weights that tell states apart are counted in 1/64, so that equal states are found again."""
_LEAST = -40 * _STEP

_Reading: TypeAlias = tuple[int, int, int]
"""Index of the grammar, its state, id of the stack."""
_Kernel: TypeAlias = tuple[tuple[_Reading, int], ...]


class GrammarNetwork:
    """The `WordNetwork` of several grammars that are active together."""

    start = 0

    def __init__(self, grammars: Sequence[CompiledGrammar]) -> None:
        self._grammars = tuple(grammars)
        self._stacks: list[tuple[int, int, int]] = [(NOTHING, NOTHING, 0)]
        self._stack_ids: dict[tuple[int, int], int] = {}
        self._ways_back: dict[tuple[int, int], int] = {}
        self._kernels: list[_Kernel] = []
        self._ids: dict[_Kernel, int] = {}
        self._arcs: dict[int, dict[str, tuple[int, float]]] = {}
        self._ends: dict[int, float | None] = {}
        self._any: dict[int, tuple[int, float]] = {}
        self._lock = threading.Lock()
        self._limit = SPARE_READINGS + 2 * sum(len(grammar.states) for grammar in grammars)
        self._intern(
            {
                (index, grammar.rules[root].start, 0): 0.0
                for index, grammar in enumerate(self._grammars)
                for root in grammar.roots
            }
        )

    def __len__(self) -> int:
        """Give the number of states known so far."""
        return len(self._kernels)

    def arcs(self, state: int) -> Mapping[str, tuple[int, float]]:
        """Give word -> (next state, log weight <= 0). Kept: the same dict each time."""
        known = self._arcs.get(state)
        return self._explore(state) if known is None else known

    def is_final(self, state: int) -> bool:
        """Tell whether the words so far are a whole sentence of a grammar."""
        return self.end_weight(state) is not None

    def end_weight(self, state: int) -> float | None:
        """Give the log weight of ending here, <= 0; None where no sentence ends."""
        self.arcs(state)
        return self._ends[state]

    def any_word(self, state: int) -> tuple[int, float] | None:
        """Give (next state, log weight < 0) of a word that ``$GARBAGE`` takes; None for none."""
        self.arcs(state)
        return self._any.get(state)

    def advance(self, state: int, word: str) -> int | None:
        """Give the state after ``word``, or None where no grammar holds it."""
        arc = self.arcs(state).get(word)
        arc = arc or self._any.get(state)
        return arc[0] if arc else None

    def _explore(self, state: int) -> dict[str, tuple[int, float]]:
        with self._lock:
            known = self._arcs.get(state)
            if known is not None:
                return known
            readings = self._close(self._kernels[state])
            end: float | None = None
            by_word: dict[str, dict[_Reading, float]] = {}
            garbage: dict[_Reading, float] = {}
            for (index, number, stack), weight in readings.items():
                here = self._grammars[index].states[number]
                if here.final and stack == 0 and (end is None or weight > end):
                    end = min(weight, 0.0)
                for word, arcs in here.words.items():
                    targets = by_word.setdefault(word, {})
                    for arc in arcs:
                        _keep_better(targets, (index, arc.target, stack), weight + arc.weight)
                if here.any_word != NOTHING:
                    garbage[index, here.any_word, stack] = weight + GARBAGE_WEIGHT
            if garbage:
                self._any[state] = self._intern(garbage)
                for targets in by_word.values():
                    for reading, weight in garbage.items():
                        _keep_better(targets, reading, weight)
            arcs_out = {word: self._intern(targets) for word, targets in by_word.items()}
            self._ends[state] = end
            self._arcs[state] = arcs_out
            return arcs_out

    def _intern(self, readings: Mapping[_Reading, float]) -> tuple[int, float]:
        """Give the state of these readings, and the weight of the best, which is taken out."""
        if len(readings) == 1:
            ((reading, best),) = readings.items()
            kernel: _Kernel = ((reading, 0),)
        else:
            if len(readings) > self._limit:
                readings = self._likeliest(readings)
            best = max(readings.values(), default=0.0)
            kernel = tuple(
                sorted(
                    (reading, max(_LEAST, round((weight - best) * _STEP)))
                    for reading, weight in readings.items()
                )
            )
        state = self._ids.get(kernel)
        if state is None:
            state = self._ids[kernel] = len(self._kernels)
            self._kernels.append(kernel)
        return state, min(best, 0.0)

    def _close(self, kernel: _Kernel) -> dict[_Reading, float]:
        """Follow moves, calls and returns until only words are left to read."""
        readings = {reading: offset / _STEP for reading, offset in kernel}
        pending = list(readings)
        while pending:
            reading = pending.pop()
            weight = readings[reading]
            for target, cost in self._silent(reading):
                if _keep_better(readings, target, weight + cost):
                    pending.append(target)
            if len(readings) > self._limit:
                break
        return readings

    def _likeliest(self, readings: Mapping[_Reading, float]) -> dict[_Reading, float]:
        def rank(item: tuple[_Reading, float]) -> tuple[float, int]:
            return -item[1], self._stacks[item[0][2]][2]

        return dict(sorted(readings.items(), key=rank)[: self._limit // 2])

    def _silent(self, reading: _Reading) -> Iterator[tuple[_Reading, float]]:
        index, number, stack = reading
        grammar = self._grammars[index]
        here = grammar.states[number]
        if here.final and stack:
            back, parent, _ = self._stacks[stack]
            yield (index, back, parent), 0.0
        for move in here.moves:
            if move.rule == NOTHING:
                yield (index, move.target, stack), move.weight
                continue
            back = self._way_back(index, move.target)
            inner = self._push(back, stack, grammar.states[back].final)
            if inner is not None:
                yield (index, grammar.rules[move.rule].start, inner), move.weight

    def _way_back(self, index: int, number: int) -> int:
        """Give the first state after a rule at which there is something to read, or its end.

        Places that only lead on to each other are one place to come back to: apart, they would
        double the stacks with every word of a rule that calls itself.
        """
        known = self._ways_back.get((index, number))
        if known is None:
            known, states = number, self._grammars[index].states
            while (following := _only_way_on(states[known])) is not None:
                known = following
            self._ways_back[index, number] = known
        return known

    def _push(self, back: int, stack: int, at_end: bool) -> int | None:
        if at_end:
            return stack
        depth = self._stacks[stack][2] + 1
        if depth > MAX_STACK:
            return None
        known = self._stack_ids.get((back, stack))
        if known is None:
            known = self._stack_ids[back, stack] = len(self._stacks)
            self._stacks.append((back, stack, depth))
        return known


def _only_way_on(state: State) -> int | None:
    """Where ``state`` leads without a word, a rule or a weight, if that is all it does."""
    if state.final or state.words or state.any_word != NOTHING or len(state.moves) != 1:
        return None
    (move,) = state.moves
    return move.target if move.rule == NOTHING and not move.weight else None


def _keep_better(weights: dict[_Reading, float], reading: _Reading, weight: float) -> bool:
    known = weights.get(reading)
    if known is not None and known >= weight - 1e-9:
        return False
    weights[reading] = weight
    return True
