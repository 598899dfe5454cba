"""Sentences that together take every way through a grammar, each as short as can be.

Where random sentences show what is likely, these show everything: every alternative, every option
taken and left out. The words around an alternative are the fewest that make a sentence of it, and
the same for all alternatives of one place, so that two of these sentences differ in as little as
possible.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from voicebot.grammar.ast import NOWHERE, Position
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.shortest import NEVER
from voicebot.grammar.states import NOTHING, Move, WordArc


class Step(NamedTuple):
    """One way out of ``state``: ``word`` is None where nothing is read."""

    state: int
    way: WordArc | Move
    word: str | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """Its words (or keys), and where each stands: the document's index and the place in it."""

    words: tuple[str, ...]
    places: tuple[tuple[int, Position], ...]


Steps: TypeAlias = list[Step]


def coverage(grammar: CompiledGrammar) -> Iterator[Sentence]:
    """Give sentences until every way that can be part of one has been taken."""
    map_ = WayMap(grammar)
    taken: set[Step] = set()
    for state in range(len(grammar.states)):
        for step in steps_from(grammar, state):
            if step in taken or not map_.is_useful(step):
                continue
            path = map_.through(step)
            taken.update(path)
            sentence = map_.sentence(path)
            if sentence.words:
                yield sentence


class WayMap:
    """Knows the shortest ways into and out of every state of a grammar."""

    def __init__(self, grammar: CompiledGrammar) -> None:
        self.grammar = grammar
        self._rule_of = [NOTHING] * len(grammar.states)
        self._into: dict[int, Step] = {}
        self._out: dict[int, Step] = {}
        self._called_by: dict[int, Step | None] = dict.fromkeys(grammar.roots)
        self._find_ways_in()
        self._find_ways_out()
        self._find_callers()

    def is_useful(self, step: Step) -> bool:
        """Whether some sentence takes ``step``."""
        rule = self._rule_of[step.state]
        return rule in self._called_by and _cost(self.grammar, step) < NEVER

    def document(self, state: int) -> int:
        return self.grammar.rules[self._rule_of[state]].document

    def through(self, step: Step) -> Steps:
        """Give the shortest sentence that takes ``step``, rules called on the way included."""
        middle = [step, *self._inside(step), *self.out(step.way.target)]
        path = [*self._before(step.state), *middle]
        caller = self._called_by[self._rule_of[step.state]]
        while caller is not None:
            path = [*self._before(caller.state), caller, *path, *self.out(caller.way.target)]
            caller = self._called_by[self._rule_of[caller.state]]
        return path

    def out(self, state: int) -> Steps:
        """Give the shortest way from ``state`` to the end of its rule."""
        return [step for step in self.out_marked(state) if step is not None]

    def out_marked(self, state: int) -> list[Step | None]:
        """The same, with None at the end of each rule that is called on the way."""
        path: list[Step | None] = []
        pending: list[int | None] = [state]
        while pending:
            at = pending.pop()
            if at is None:
                path.append(None)
            elif at in self._out:
                step = self._out[at]
                path.append(step)
                pending.append(step.way.target)
                if isinstance(step.way, Move) and step.way.rule != NOTHING:
                    pending += [None, self.grammar.rules[step.way.rule].start]
        return path

    def sentence(self, path: Steps) -> Sentence:
        """Give the words of ``path``; a word inside a token of several has the token's place."""
        words = [step for step in path if step.word is not None]
        places: list[tuple[int, Position]] = []
        at = NOWHERE
        for step in reversed(words):
            if step.way.output != NOTHING:
                at = self.grammar.outputs[step.way.output].at
            places.append((self.document(step.state), at))
        return Sentence(tuple(step.word or "" for step in words), tuple(reversed(places)))

    def _before(self, state: int) -> Steps:
        path: list[Steps] = []
        while state in self._into:
            step = self._into[state]
            path.append([step, *self._inside(step)])
            state = step.state
        return [step for part in reversed(path) for step in part]

    def _inside(self, step: Step) -> Steps:
        """Give the shortest way through the rule that ``step`` calls, if it calls one."""
        if not isinstance(step.way, Move) or step.way.rule == NOTHING:
            return []
        return self.out(self.grammar.rules[step.way.rule].start)

    def _find_ways_in(self) -> None:
        grammar = self.grammar
        best: dict[int, tuple[int, int]] = {}
        agenda: list[tuple[int, int, int]] = []
        for number, rule in enumerate(grammar.rules):
            self._rule_of[rule.start] = self._rule_of[rule.end] = number
            best[rule.start] = (0, 0)
            agenda.append((0, 0, rule.start))
        heapq.heapify(agenda)
        while agenda:
            words, steps, state = heapq.heappop(agenda)
            if best[state] < (words, steps):
                continue
            for step in steps_from(grammar, state):
                inside = _cost(grammar, step)
                if inside >= NEVER:
                    continue
                target = step.way.target
                found = (words + inside - grammar.shortest[target], steps + 1)
                if target not in best or found < best[target]:
                    best[target] = found
                    self._into[target] = step
                    self._rule_of[target] = self._rule_of[state]
                    heapq.heappush(agenda, (*found, target))

    def _find_ways_out(self) -> None:
        """Follow only steps on a shortest way, backwards from the ends: the first found is best."""
        grammar, left = self.grammar, self.grammar.shortest
        before: dict[int, list[Step]] = {}
        for state in range(len(grammar.states)):
            for step in steps_from(grammar, state):
                if left[state] < NEVER and left[state] == _cost(grammar, step):
                    before.setdefault(step.way.target, []).append(step)
        pending = deque(rule.end for rule in grammar.rules)
        done = set(pending)
        while pending:
            for step in before.get(pending.popleft(), ()):
                if step.state not in done:
                    done.add(step.state)
                    self._out[step.state] = step
                    pending.append(step.state)

    def _find_callers(self) -> None:
        calls: dict[int, list[Step]] = {}
        for state, rule in enumerate(self._rule_of):
            for move in self.grammar.states[state].moves:
                if move.rule != NOTHING and rule != NOTHING:
                    calls.setdefault(rule, []).append(Step(state, move, None))
        pending = deque(self.grammar.roots)
        while pending:
            for step in calls.get(pending.popleft(), ()):
                called = step.way.rule if isinstance(step.way, Move) else NOTHING
                if called not in self._called_by and _cost(self.grammar, step) < NEVER:
                    self._called_by[called] = step
                    pending.append(called)


def steps_from(grammar: CompiledGrammar, state: int) -> Iterator[Step]:
    """Give all ways out of ``state``, words first."""
    here = grammar.states[state]
    for word, arcs in here.words.items():
        for arc in arcs:
            yield Step(state, arc, word)
    for move in here.moves:
        yield Step(state, move, None)


def _cost(grammar: CompiledGrammar, step: Step) -> int:
    """Give the least number of words from taking ``step`` to the end of its rule."""
    left = grammar.shortest[step.way.target]
    if isinstance(step.way, Move):
        called = step.way.rule
        return left + (grammar.shortest[grammar.rules[called].start] if called != NOTHING else 0)
    return left + 1
