"""How few words lead from a state to the end of its rule (Knuth's form of Dijkstra's search).

The compiler drops what never ends (``$VOID``, recursion without a way out); the sampler uses the
numbers to find an end when its budget is spent.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from voicebot.grammar.states import NOTHING, State

NEVER = 1 << 30
"""The distance of a state from which no end can be reached."""


def shortest_ways(states: Sequence[State], starts: Sequence[int], ends: Sequence[int]) -> list[int]:
    """Give for each state the least number of words to the end of its rule, or `NEVER`.

    ``starts`` and ``ends`` are the first and last state of each rule.
    """
    before: list[list[tuple[int, int]]] = [[] for _ in states]
    calls_to: dict[int, list[tuple[int, int]]] = {}
    calls_of: list[list[tuple[int, int]]] = [[] for _ in starts]
    for number, state in enumerate(states):
        for arcs in state.words.values():
            for arc in arcs:
                before[arc.target].append((number, 1))
        for move in state.moves:
            if move.rule == NOTHING:
                before[move.target].append((number, 0))
            else:
                calls_to.setdefault(move.target, []).append((number, move.rule))
                calls_of[move.rule].append((number, move.target))
    rule_at = {start: rule for rule, start in enumerate(starts)}
    distance = [NEVER] * len(states)
    settled = [False] * len(states)
    agenda = [(0, end) for end in ends]
    while agenda:
        words, number = heapq.heappop(agenda)
        if settled[number]:
            continue
        settled[number] = True
        distance[number] = words
        for previous, cost in before[number]:
            heapq.heappush(agenda, (words + cost, previous))
        for previous, rule in calls_to.get(number, ()):
            if settled[starts[rule]]:
                heapq.heappush(agenda, (words + distance[starts[rule]], previous))
        if (rule_here := rule_at.get(number)) is not None:
            for previous, target in calls_of[rule_here]:
                if settled[target]:
                    heapq.heappush(agenda, (words + distance[target], previous))
    return distance
