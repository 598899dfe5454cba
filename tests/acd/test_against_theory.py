"""The distribution on virtual time against Erlang; `benchmarks.queues` does it at length."""

from __future__ import annotations

import pytest

from benchmarks.call_centre import CallCentre, exponential, poisson
from voicebot.acd.erlang import ErlangA
from voicebot.acd.model import AgentId, AgentProfile, Channel, QueueRules


def centre(agents: int, patience_s: float | None, seed: int) -> CallCentre:
    profiles = tuple(AgentProfile(AgentId(f"a{number}"), ("q",)) for number in range(agents))
    return CallCentre(
        (QueueRules("q", handling_s=180, announcing=None),),
        profiles,
        {Channel.VOICE: exponential(180)},
        patience=exponential(patience_s) if patience_s else None,
        seed=seed,
    )


def test_a_small_centre_behaves_as_erlang_a_says() -> None:
    rate, theory = 100 / 1800, ErlangA(100 / 1800, 180, 10, 300)
    tally = centre(10, 300, seed=3).run(poisson(rate, 8_000, "q", seed=4))
    assert tally.service_level(20) == pytest.approx(theory.service_level(20), rel=0.05)
    assert tally.abandoned / tally.offered == pytest.approx(theory.abandoned, rel=0.15)


def test_estimates_are_about_right_where_callers_wait_for_ever() -> None:
    simulated = centre(12, None, seed=5)
    simulated.run(poisson(100 / 1800, 6_000, "q", seed=6))
    error = simulated.acd.queue("q", simulated.env.now).error
    assert error.count > 1000
    assert abs(error.bias_s) < 0.2 * error.mean_wait_s
    assert error.mean_abs_s < 0.5 * error.mean_wait_s
