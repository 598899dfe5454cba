"""Sentences that a grammar reads in two ways, with two meanings.

The search walks two readings of the same words side by side, breadth first, so that the shortest
sentences come first. Where the two have parted and come together again, or have both reached the
end, the sentence is finished in the shortest way and the meanings are compared. ``$GARBAGE`` is
left out: it overlaps everything, on purpose. What is found is certain; past the bounds something
may be missed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Final, NamedTuple, TypeAlias

from voicebot.errors import GrammarError
from voicebot.grammar.ast import NOWHERE, Position
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.coverage import WayMap, steps_from
from voicebot.grammar.lint.findings import Finding, Severity
from voicebot.grammar.lint.meaning import brief, same
from voicebot.grammar.lint.path import Path, path_tree
from voicebot.grammar.semantics import evaluate
from voicebot.grammar.states import NOTHING, Move
from voicebot.types import Json

MOST_PAIRS: Final = 40_000
"""Pairs of readings that are looked at."""
MOST_COMPARED: Final = 200
"""Pairs of meanings that are worked out: each takes some milliseconds."""
MOST_FINDINGS: Final = 20
_DEEPEST: Final = 24
_MOST_SILENT: Final = 1_000
_FEW: Final = 8

_Place: TypeAlias = tuple[int, tuple[int, ...]]
"""A state and the states to come back to."""


class _Onward(NamedTuple):
    """After reading a word: where, and by which steps."""

    place: _Place
    steps: Path


@dataclass(slots=True)
class _Ways:
    """What can follow a place: words, and ways to end the sentence."""

    words: dict[str, list[_Onward]] = field(default_factory=dict)
    ends: list[Path] = field(default_factory=list)


@dataclass(slots=True)
class _Pair:
    """Two readings of the same words. ``parted`` is 1 where they took different ways, 2 where
    tags or rules on these ways differ."""

    first: _Place
    second: _Place
    parted: int
    steps: tuple[Path, Path]
    before: _Pair | None
    depth: int


def ambiguities(grammar: CompiledGrammar) -> Iterator[Finding]:
    """Give sentences with two meanings, each pair of places in the grammar once."""
    search = _Search(grammar)
    told: set[tuple[object, ...]] = set()
    compared = 0
    for first, second in search.candidates():
        places = _parting(grammar, first, second, search.ways)
        if places in told:
            continue
        compared += 1
        if compared > MOST_COMPARED:
            return
        try:
            trees = path_tree(grammar, first), path_tree(grammar, second)
            if trees[0] is None or trees[1] is None:
                continue
            meanings = evaluate(grammar, trees[0]), evaluate(grammar, trees[1])
        except GrammarError:
            continue  # a tag that fails is reported where tags are run
        if same(*meanings):
            continue
        told.add(places)
        yield _finding(grammar, first, places, meanings)
        if len(told) >= MOST_FINDINGS:
            return


class _Search:
    def __init__(self, grammar: CompiledGrammar) -> None:
        self.ways = WayMap(grammar)
        self._grammar = grammar
        self._known: dict[_Place, _Ways] = {}
        self._seen: dict[tuple[_Place, _Place, int], int] = {}

    def candidates(self) -> Iterator[tuple[Path, Path]]:
        """Give pairs of different ways through the grammar that read the same words."""
        starts = [(self._grammar.rules[root].start, ()) for root in self._grammar.roots[:20]]
        together: deque[_Pair] = deque()
        # Those that have parted come first: they are few, and soon end or come to nothing.
        parted: deque[_Pair] = deque()
        for index, first in enumerate(starts):
            together.append(_Pair(first, first, 0, ((), ()), None, 0))
            for second in starts[index + 1 :]:
                parted.append(_Pair(first, second, 2, ((), ()), None, 0))
        looked_at = 0
        while together or parted:
            pair = parted.popleft() if parted else together.popleft()
            ways = self._ways(pair.first), self._ways(pair.second)
            yield from self._ended(pair, *ways)
            for following in self._followed(pair, *ways) if pair.depth < _DEEPEST else ():
                looked_at += 1
                if looked_at > MOST_PAIRS:
                    return
                if following.parted == 2 and following.first == following.second:
                    yield self._finished(following)
                elif self._is_new(following):
                    (parted if following.parted else together).append(following)

    def _is_new(self, pair: _Pair) -> bool:
        least, greatest = sorted((pair.first, pair.second))
        key = (least, greatest, pair.parted)
        count = self._seen[key] = self._seen.get(key, 0) + 1
        return count <= (2 if pair.parted == 2 else 1)

    def _ended(self, pair: _Pair, first: _Ways, second: _Ways) -> Iterator[tuple[Path, Path]]:
        alone = pair.first == pair.second and not pair.parted
        for index, one in enumerate(first.ends[:8]):
            for other in second.ends[index + 1 if alone else 0 : 8]:
                yield self._joined(pair, one, other)

    def _followed(self, pair: _Pair, first: _Ways, second: _Ways) -> Iterator[_Pair]:
        together = pair.first == pair.second
        for word, ways in first.words.items():
            others = second.words.get(word, [])
            if together:
                for one in ways:
                    steps = (one.steps, one.steps)
                    yield _Pair(one.place, one.place, pair.parted, steps, pair, pair.depth + 1)
            if together and pair.parted:
                continue
            for one, other in self._choices(ways) if together else product(ways, others):
                differ = _marks(one.steps) != _marks(other.steps)
                parted = max(pair.parted, 2 if differ else 1)
                steps = (one.steps, other.steps)
                yield _Pair(one.place, other.place, parted, steps, pair, pair.depth + 1)

    def _choices(self, ways: list[_Onward]) -> Iterator[tuple[_Onward, _Onward]]:
        """Give pairs of ways; of many, such as the names of a list, those that may go on alike."""
        if len(ways) <= _FEW:
            yield from combinations(ways, 2)
            return
        by_word: dict[str | None, list[_Onward]] = {}
        for way in ways:
            following = self._ways(way.place)
            for word in (*following.words, *([None] if following.ends else [])):
                by_word.setdefault(word, []).append(way)
        for alike in by_word.values():
            yield from combinations(alike, 2)

    def _joined(self, pair: _Pair, one: Path, other: Path) -> tuple[Path, Path]:
        parts = [(one, other)]
        at: _Pair | None = pair
        while at is not None:
            parts.append(at.steps)
            at = at.before
        parts.reverse()
        return (
            tuple(step for part in parts for step in part[0]),
            tuple(step for part in parts for step in part[1]),
        )

    def _finished(self, pair: _Pair) -> tuple[Path, Path]:
        """End a pair that has come together in the shortest way."""
        state, stack = pair.first
        end = self.ways.out_marked(state)
        for back in reversed(stack):
            end += [None, *self.ways.out_marked(back)]
        return self._joined(pair, tuple(end), tuple(end))

    def _ways(self, place: _Place) -> _Ways:
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = self._explore(place)
        return known

    def _explore(self, place: _Place) -> _Ways:
        """Follow moves, calls and returns until only words are left to read."""
        ways = _Ways()
        pending: list[tuple[_Place, Path]] = [(place, ())]
        seen: dict[_Place, int] = {}
        for _ in range(_MOST_SILENT):
            if not pending:
                break
            here, steps = pending.pop()
            seen[here] = seen.get(here, 0) + 1
            if seen[here] > 2:
                continue  # two ways to a place are enough to tell that they differ
            state, stack = here
            if self._grammar.states[state].final:
                if stack:
                    pending.append(((stack[-1], stack[:-1]), (*steps, None)))
                else:
                    ways.ends.append(steps)
            for step in steps_from(self._grammar, state):
                target = step.way.target
                if step.word is not None:
                    onward = _Onward((target, stack), (*steps, step))
                    ways.words.setdefault(step.word, []).append(onward)
                elif len(stack) >= _DEEPEST:
                    continue
                elif isinstance(step.way, Move) and step.way.rule != NOTHING:
                    start = self._grammar.rules[step.way.rule].start
                    pending.append(((start, (*stack, target)), (*steps, step)))
                else:
                    pending.append(((target, stack), (*steps, step)))
        return ways


def _marks(steps: Path) -> list[tuple[int, str, int]]:
    """What of a path can make a difference in meaning: tags and calls."""
    return [
        (step.way.output if step.word is None else NOTHING, step.way.label, step.way.rule)
        for step in steps
        if step is not None
        and isinstance(step.way, Move)
        and (step.way.output != NOTHING or step.way.rule != NOTHING)
    ]


def _parting(
    grammar: CompiledGrammar, first: Path, second: Path, ways: WayMap
) -> tuple[tuple[int, Position], ...]:
    """Give where the two readings first take different words or tags of the grammar."""
    lists = [_outputs(grammar, steps, ways) for steps in (first, second)]
    for one, other in zip(*lists, strict=False):
        if one != other:
            return one, other
    longer = max(lists, key=len)
    place = longer[min(map(len, lists))] if len(lists[0]) != len(lists[1]) else longer[0]
    return place, place


def _outputs(grammar: CompiledGrammar, steps: Path, ways: WayMap) -> list[tuple[int, Position]]:
    found = [
        (ways.document(step.state), grammar.outputs[step.way.output].at)
        for step in steps
        if step is not None and step.way.output != NOTHING
    ]
    return found or [(0, NOWHERE)]


def _finding(
    grammar: CompiledGrammar,
    steps: Path,
    places: tuple[tuple[int, Position], ...],
    meanings: tuple[Json, Json],
) -> Finding:
    words = " ".join(step.word for step in steps if step is not None and step.word is not None)
    readings = sorted(
        zip(places, meanings, strict=True),
        key=lambda reading: (reading[0][0], reading[0][1].line, reading[0][1].column),
    )
    ((document, at), meaning), ((other_document, other), other_meaning) = readings
    file = grammar.documents[other_document].file
    elsewhere = f" (the other reading at {file}:{other.line}:{other.column})" if other != at else ""
    return Finding(
        Severity.PROBLEM,
        grammar.documents[document].error(
            at,
            f"'{words}' has two meanings: {brief(meaning)} and {brief(other_meaning)}{elsewhere}",
            "Take the words out of one of the two, or let both mean the same.",
        ),
    )
