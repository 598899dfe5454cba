"""Counts calls and turns for `/metrics`, from the facts of `voicebot.events`.

Figures since this process began. What reports are made of is in the records, not here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from voicebot.events import (
    CallEnded,
    CallEvent,
    CallStarted,
    DeflectionReached,
    DeflectionStage,
    TurnFinished,
    TurnResult,
)
from voicebot.types import Outcome
from voicebot.web.metrics import Figure, Histogram

LATENCY_BOUNDS_S = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0)
"""The goals (0.6, 1.0 and 1.5 s) are bounds, so that the share within them is exact."""


class CallTally:
    """Sees every fact, and gives the figures as a `MetricSource` would."""

    def __init__(self) -> None:
        self._active = 0
        self._outcomes: Counter[Outcome] = Counter()
        self._results: Counter[TurnResult] = Counter()
        self._stages: Counter[DeflectionStage] = Counter()
        self._barge_ins = 0
        self._latencies = [0] * (len(LATENCY_BOUNDS_S) + 1)
        self._latency_total_s = 0.0

    def observe(self, event: CallEvent) -> None:
        """Count one fact."""
        match event:
            case CallStarted():
                self._active += 1
            case CallEnded():
                self._active -= 1
                self._outcomes[event.outcome] += 1
            case DeflectionReached():
                self._stages[event.stage] += 1
            case TurnFinished():
                self._observe_turn(event)

    def figures(self) -> Iterator[Figure | Histogram]:
        """Everything counted so far; outcomes and results that never came are there as 0."""
        yield Figure("voicebot_calls_active", "Calls going on now", "gauge", self._active)
        for outcome in Outcome:
            yield Figure(
                "voicebot_calls_total",
                "Calls that ended, by outcome",
                "counter",
                self._outcomes[outcome],
                {"outcome": outcome.value},
            )
        for result in TurnResult:
            yield Figure(
                "voicebot_turns_total",
                "Finished turns, by result",
                "counter",
                self._results[result],
                {"result": result.value},
            )
        for stage in DeflectionStage:
            yield Figure(
                "voicebot_deflections_total",
                "Contacts that reached a stage on the way to text",
                "counter",
                self._stages[stage],
                {"stage": stage.value},
            )
        yield Figure(
            "voicebot_barge_ins_total", "Prompts that callers cut short", "counter", self._barge_ins
        )
        yield Histogram(
            "voicebot_turn_latency_seconds",
            "From the caller's last speech to the first sound of the answer",
            LATENCY_BOUNDS_S,
            tuple(self._latencies),
            self._latency_total_s,
        )

    def _observe_turn(self, turn: TurnFinished) -> None:
        self._results[turn.result] += 1
        self._barge_ins += turn.barged_in
        if turn.latency_ms is not None:
            latency_s = turn.latency_ms / 1000
            self._latencies[bisect_left(LATENCY_BOUNDS_S, latency_s)] += 1
            self._latency_total_s += latency_s
