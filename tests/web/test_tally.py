"""The tally counts calls by outcome and turns by latency."""

from __future__ import annotations

from voicebot.events import (
    CallEnded,
    CallStarted,
    DeflectionReached,
    DeflectionStage,
    TurnFinished,
    TurnResult,
)
from voicebot.types import CallId, Language, Outcome
from voicebot.web.metrics import Figure, Histogram
from voicebot.web.tally import LATENCY_BOUNDS_S, CallTally


def _started(call: str) -> CallStarted:
    return CallStarted(CallId(call), 0.0, "sip", "alice", "shop", "main", Language("en-US"))


def _turn(result: TurnResult, latency_ms: float | None, barged_in: bool = False) -> TurnFinished:
    return TurnFinished(CallId("a"), 0.0, 1, "ask", "Yes?", result, None, latency_ms, barged_in)


def _figure(tally: CallTally, name: str, **labels: str) -> float:
    (value,) = (
        figure.value
        for figure in tally.figures()
        if isinstance(figure, Figure) and figure.name == name and dict(figure.labels) == labels
    )
    return value


def test_a_call_is_active_until_it_ends() -> None:
    tally = CallTally()
    tally.observe(_started("a"))
    tally.observe(_started("b"))
    assert _figure(tally, "voicebot_calls_active") == 2
    tally.observe(CallEnded(CallId("a"), 1.0, Outcome.REFUSED, "full"))
    assert _figure(tally, "voicebot_calls_active") == 1
    assert _figure(tally, "voicebot_calls_total", outcome="refused") == 1


def test_every_outcome_and_result_is_there_from_the_start() -> None:
    tally = CallTally()
    assert all(_figure(tally, "voicebot_calls_total", outcome=outcome) == 0 for outcome in Outcome)
    assert all(_figure(tally, "voicebot_turns_total", result=result) == 0 for result in TurnResult)


def test_stages_on_the_way_to_text_are_counted() -> None:
    tally = CallTally()
    tally.observe(DeflectionReached(CallId("a"), 0.0, DeflectionStage.OFFERED, "tracking"))
    assert _figure(tally, "voicebot_deflections_total", stage="offered") == 1
    assert _figure(tally, "voicebot_deflections_total", stage="gave up") == 0


def test_latencies_fall_into_their_bounds() -> None:
    tally = CallTally()
    for latency_ms in (None, 600.0, 600.1, 9_000.0):
        tally.observe(_turn(TurnResult.MATCH, latency_ms))
    (histogram,) = (found for found in tally.figures() if isinstance(found, Histogram))
    counted = dict(zip([*LATENCY_BOUNDS_S, "above"], histogram.counts, strict=True))
    assert {bound: count for bound, count in counted.items() if count} == {
        0.6: 1,
        0.8: 1,
        "above": 1,
    }
    assert abs(histogram.total - 10.2001) < 1e-9


def test_barge_ins_and_results_are_counted() -> None:
    tally = CallTally()
    tally.observe(_turn(TurnResult.NOMATCH, None, barged_in=True))
    tally.observe(_turn(TurnResult.NOMATCH, None))
    assert _figure(tally, "voicebot_turns_total", result="nomatch") == 2
    assert _figure(tally, "voicebot_barge_ins_total") == 1
