"""The one clock of a door, on a timer that the test turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from voicebot.media.clock import Tick
from voicebot.telephony.frame_clock import FrameClock


class HandTimer:
    """An event loop's clock that moves when told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.armed: list[asyncio.TimerHandle] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, (), asyncio.get_running_loop())
        self.armed.append(handle)
        return handle

    def advance(self, seconds: float, *, late: float = 0.0) -> None:
        """Move on, calling what is due; ``late`` seconds after its time."""
        end = self.now + seconds
        while due := [h for h in self.armed if not h.cancelled() and h.when() + late <= end + 1e-9]:
            first = min(due, key=asyncio.TimerHandle.when)
            self.armed.remove(first)
            self.now = max(self.now, first.when() + late)
            first._run()
        self.now = end

    @property
    def running(self) -> bool:
        return any(not handle.cancelled() for handle in self.armed)


@pytest.fixture
async def timer() -> HandTimer:
    return HandTimer()


async def test_every_member_is_called_each_20_ms(timer: HandTimer) -> None:
    clock = FrameClock(timer)
    first: list[Tick] = []
    second: list[Tick] = []
    clock.add(first.append)
    timer.advance(0.5)
    clock.add(second.append)
    timer.advance(0.5)
    assert len(first) == 50
    assert len(second) == 25
    assert [tick.due for tick in first] == pytest.approx([100.02 + n * 0.02 for n in range(50)])


async def test_the_grid_holds_when_ticks_come_late(timer: HandTimer) -> None:
    clock = FrameClock(timer)
    ticks: list[Tick] = []
    clock.add(ticks.append)
    timer.advance(1.0, late=0.007)
    assert ticks[-1].due == pytest.approx(100.02 + (len(ticks) - 1) * 0.02)
    assert all(tick.late_s == pytest.approx(0.007) for tick in ticks)


async def test_a_long_stall_is_skipped_and_counted(timer: HandTimer) -> None:
    clock = FrameClock(timer)
    ticks: list[Tick] = []
    clock.add(ticks.append)
    timer.advance(0.1)
    timer.now += 0.2
    timer.advance(0.1)
    assert sum(1 + tick.skipped for tick in ticks) == 20
    assert max(tick.skipped for tick in ticks) > 2


async def test_nothing_runs_without_members(timer: HandTimer) -> None:
    clock = FrameClock(timer)
    assert not timer.running
    key = clock.add(lambda tick: None)
    assert timer.running
    clock.remove(key)
    assert not timer.running
    clock.remove(key)


async def test_a_member_may_leave_while_it_is_called(timer: HandTimer) -> None:
    clock = FrameClock(timer)
    calls: list[int] = []

    def leave(tick: Tick) -> None:
        calls.append(tick.index)
        clock.remove(key)

    key = clock.add(leave)
    timer.advance(0.1)
    assert len(calls) == 1
    assert not timer.running


async def test_a_member_that_fails_stops_neither_itself_nor_others(timer: HandTimer) -> None:
    clock = FrameClock(timer)
    ticks: list[Tick] = []

    def fail(tick: Tick) -> None:
        raise RuntimeError("bad frame")

    clock.add(fail)
    clock.add(ticks.append)
    with capture_logs() as logs:
        timer.advance(0.06)
    assert len(ticks) == 3
    assert [log["event"] for log in logs] == ["frame_failed"] * 3
