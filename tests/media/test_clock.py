from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.conftest import VirtualLoop
from voicebot.media.clock import BUCKETS_S, LagMeter, LoopLag, Schedule, Tick, Ticker


def test_lags_are_counted_into_cumulative_buckets() -> None:
    meter = LagMeter()
    for lag in (0.0, 0.001, 0.0011, 0.03, 5.0):
        meter.add(lag)
    lag_now = meter.snapshot()
    buckets = dict(lag_now.buckets)
    assert list(buckets) == list(BUCKETS_S)
    assert buckets[0.001] == 2
    assert buckets[0.0025] == 3
    assert buckets[0.04] == 4
    assert buckets[1.0] == 4
    assert lag_now.count == 5
    assert lag_now.sum_s == pytest.approx(5.0321)


def test_quantiles_forget_what_is_older_than_the_window_but_counts_do_not() -> None:
    meter = LagMeter(window_s=1.0, interval_s=0.1)
    meter.add(9.0)
    for hundredth in range(10):
        meter.add(hundredth / 100)
    lag = meter.snapshot()
    assert lag.max_s == 0.09
    assert lag.p99_s == 0.09
    assert 0.03 < lag.p50_s < 0.06
    assert lag.count == 11


def test_nothing_measured_is_no_lag() -> None:
    lag = LagMeter().snapshot()
    assert (lag.p50_s, lag.p99_s, lag.max_s, lag.count) == (0.0, 0.0, 0.0, 0)


def test_a_busy_loop_shows_as_lag(virtual_loop: VirtualLoop) -> None:
    meter = LoopLag(interval_s=0.05)

    async def scenario() -> None:
        task = asyncio.create_task(meter.run())
        await asyncio.sleep(1.01)
        virtual_loop.hold_up(0.3)
        await asyncio.sleep(0.1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    virtual_loop.run_until_complete(scenario())
    lag = meter.snapshot()
    assert lag.p50_s == pytest.approx(0.0, abs=1e-6)
    assert lag.max_s == pytest.approx(0.26, abs=0.02)
    assert lag.count >= 21


@given(st.lists(st.floats(0, 0.2), max_size=60))
def test_ticks_stay_on_the_grid_and_none_is_lost_uncounted(holdups: list[float]) -> None:
    schedule = Schedule(start=100.0)
    now = 100.0
    previous = -1
    for holdup in holdups:
        now = max(now, schedule.due) + holdup
        tick = schedule.tick(now)
        assert tick.due == pytest.approx(100.0 + tick.index * 0.02)
        assert tick.index == previous + 1 + tick.skipped
        assert tick.late_s == pytest.approx(now - tick.due)
        # Never more than two ticks follow at once to make up for the past.
        assert now - schedule.due < 2 * 0.02 + 1e-6
        previous = tick.index


def test_a_short_hold_up_is_made_up_for() -> None:
    schedule = Schedule(start=0.0)
    ticks = [schedule.tick(now) for now in (0.0, 0.05, 0.05, 0.06)]
    assert [tick.index for tick in ticks] == [0, 1, 2, 3]
    assert [tick.skipped for tick in ticks] == [0, 0, 0, 0]
    assert ticks[1].late_s == pytest.approx(0.03)


def test_a_long_hold_up_leaves_ticks_out() -> None:
    schedule = Schedule(start=0.0)
    schedule.tick(0.0)
    late = schedule.tick(0.5)
    assert (late.index, late.skipped) == (25, 24)
    assert schedule.due == pytest.approx(0.52)


def test_the_ticker_does_not_drift(virtual_loop: VirtualLoop) -> None:
    ticks: list[Tick] = []

    async def scenario() -> None:
        async for tick in Ticker():
            ticks.append(tick)
            virtual_loop.hold_up(0.007)
            if len(ticks) == 501:
                break

    virtual_loop.run_until_complete(scenario())
    assert virtual_loop.time() == pytest.approx(500 * 0.02 + 0.007)
    assert max(tick.late_s for tick in ticks) < 1e-6


def test_the_ticker_lets_others_run_when_it_is_late(virtual_loop: VirtualLoop) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def scenario() -> None:
        task = asyncio.create_task(other())
        count = 0
        async for _ in Ticker():
            virtual_loop.hold_up(0.03)
            count += 1
            if count == 20:
                break
        task.cancel()

    virtual_loop.run_until_complete(scenario())
    assert turns >= 20
