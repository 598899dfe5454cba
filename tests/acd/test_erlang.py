"""The formulas against published figures, against each other and against a count of states."""

from __future__ import annotations

import math

import pytest

from voicebot.acd.erlang import ErlangA, ErlangC, erlang_b
from voicebot.acd.staffing import Interval, Target, agents_needed, plan

HALF_HOUR = 1800.0


def test_a_hundred_calls_in_half_an_hour() -> None:
    queue = ErlangC(100 / HALF_HOUR, 180, 14)
    assert queue.service_level(20) == pytest.approx(0.8884, abs=5e-5)
    assert queue.occupancy == pytest.approx(0.714, abs=5e-4)
    assert queue.mean_wait_s == pytest.approx(7.84, abs=5e-3)


def test_three_hundred_and_sixty_calls_in_half_an_hour() -> None:
    queue = ErlangC(360 / HALF_HOUR, 240, 55)
    assert queue.service_level(15) == pytest.approx(0.8459, abs=5e-5)
    assert queue.mean_wait_s == pytest.approx(8.2, abs=0.05)


def test_some_callers_lose_patience() -> None:
    queue = ErlangA(100 / HALF_HOUR, 180, 14, 300)
    assert queue.abandoned == pytest.approx(0.01398, abs=5e-6)


def test_blocked_calls_of_a_known_table() -> None:
    assert erlang_b(10, 4.46) == pytest.approx(0.01, abs=1e-4)


def test_endless_patience_is_erlang_c() -> None:
    patient, endless = ErlangA(0.2, 240, 55, 1e9), ErlangC(0.2, 240, 55)
    assert patient.service_level(15) == pytest.approx(endless.service_level(15), rel=1e-5)
    assert patient.mean_wait_s == pytest.approx(endless.mean_wait_s, rel=1e-5)
    assert patient.waiting == pytest.approx(endless.waiting, rel=1e-5)


@pytest.mark.parametrize("agents", [5, 10, 14])
def test_waits_agree_with_their_distribution(agents: int) -> None:
    queue = ErlangA(100 / HALF_HOUR, 180, agents, 300)
    served = 1 - queue.abandoned
    assert queue.service_level(0) == pytest.approx(1 - queue.waiting, rel=1e-9)
    assert queue.service_level(1e5) == pytest.approx(served, rel=1e-6)
    # The mean is the area above the distribution.
    step = 1.0
    area = sum(served - queue.service_level((k + 0.5) * step) for k in range(2000)) * step
    assert area / served == pytest.approx(queue.mean_wait_s, rel=1e-3)


def test_more_callers_than_agents_can_serve() -> None:
    queue = ErlangC(1.0, 100, 100)
    assert queue.service_level(20) == 0
    assert math.isinf(queue.mean_wait_s)
    impatient = ErlangA(1.0, 200, 100, 60)
    assert impatient.abandoned == pytest.approx(0.5, abs=0.01)
    assert impatient.occupancy == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    "target, patience_s",
    [
        (Target(0.8, 20), None),
        (Target(mean_wait_s=5), None),
        (Target(0.8, 20, occupancy=0.7), None),
        (Target(abandoned=0.02), 180.0),
    ],
)
def test_one_agent_fewer_is_not_enough(target: Target, patience_s: float | None) -> None:
    interval = Interval("09:00", 100, 180, HALF_HOUR)
    agents = agents_needed(interval, target, patience_s)

    def reaches(count: int) -> bool:
        queue = (
            ErlangC(100 / HALF_HOUR, 180, count)
            if patience_s is None
            else ErlangA(100 / HALF_HOUR, 180, count, patience_s)
        )
        return (
            (target.service_level is None or queue.service_level(20) >= target.service_level)
            and (target.mean_wait_s is None or queue.mean_wait_s <= target.mean_wait_s)
            and (target.abandoned is None or queue.abandoned <= target.abandoned)
            and (target.occupancy is None or queue.occupancy <= target.occupancy)
        )

    assert reaches(agents)
    assert not reaches(agents - 1)


def test_shrinkage_and_empty_intervals() -> None:
    intervals = [Interval("03:00", 0, 180, HALF_HOUR), Interval("09:00", 100, 180, HALF_HOUR)]
    night, day = plan(intervals, Target(0.8, 20), shrinkage=0.3)
    assert (night.agents, night.scheduled, night.service_level) == (0, 0, 1.0)
    assert (day.agents, day.scheduled) == (14, 20)


def test_a_target_that_no_staff_reaches_says_so() -> None:
    with pytest.raises(ValueError, match="more than"):
        agents_needed(Interval("x", 100, 180, HALF_HOUR), Target(occupancy=0.0))
