"""The circuit breaker, on passed-in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.actions.breaker import Breaker, BreakerState


def _tripped(at: float = 0.0) -> Breaker:
    breaker = Breaker(failures=3, open_s=10)
    for _ in range(3):
        assert breaker.admit(at)
        breaker.failed(at)
    return breaker


def test_failures_in_a_row_open_it() -> None:
    breaker = _tripped(at=5.0)
    assert breaker.state(5.0) is BreakerState.OPEN
    assert not breaker.admit(14.9)


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(failures=3)
    for _ in range(10):
        breaker.failed(0)
        breaker.failed(0)
        breaker.succeeded()
    assert breaker.state(0) is BreakerState.CLOSED


def test_one_probe_is_let_through_after_the_rest() -> None:
    breaker = _tripped()
    assert breaker.state(10.0) is BreakerState.HALF_OPEN
    assert breaker.admit(10.0)
    assert not breaker.admit(10.0), "a second run beside the probe"


def test_a_good_probe_closes_it() -> None:
    breaker = _tripped()
    breaker.admit(10.0)
    breaker.succeeded()
    assert breaker.state(10.0) is BreakerState.CLOSED
    assert breaker.admit(10.0)


def test_a_bad_probe_opens_it_for_the_whole_time_again() -> None:
    breaker = _tripped()
    breaker.admit(10.0)
    breaker.failed(12.0)
    assert not breaker.admit(21.9)
    assert breaker.admit(22.0)


def test_a_probe_whose_caller_hung_up_leaves_room_for_another() -> None:
    breaker = _tripped()
    breaker.admit(10.0)
    breaker.abandoned()
    assert breaker.admit(10.0)


def test_a_late_failure_does_not_keep_it_open_longer() -> None:
    breaker = _tripped()
    breaker.failed(9.0)
    assert breaker.state(10.0) is BreakerState.HALF_OPEN


@pytest.mark.parametrize(("failures", "open_s"), [(0, 1.0), (1, 0.0)])
def test_senseless_limits_are_refused(failures: int, open_s: float) -> None:
    with pytest.raises(ValueError):
        Breaker(failures=failures, open_s=open_s)


@given(st.lists(st.sampled_from(["ok", "bad", "gone"]), max_size=60))
def test_it_always_admits_again_in_the_end(ends: list[str]) -> None:
    breaker = Breaker(failures=2, open_s=10)
    now = 0
    for end in ends:
        now += 3
        if breaker.admit(now):
            if end == "bad":
                breaker.failed(now)
            else:
                (breaker.succeeded if end == "ok" else breaker.abandoned)()
    assert breaker.admit(now + 10)
