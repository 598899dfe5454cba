"""The event loop's clock: how late it runs, and a tick that does not drift.

Audio must leave every 20 ms, so an event loop that is held up is heard by every caller. `LagMeter`
and `Schedule` are plain arithmetic on passed-in time; `LoopLag` and `Ticker` are the thin asyncio
shells around them.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from voicebot.media.frames import FRAME_S

BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1.0)
"""Upper bounds of the histogram; 20 and 40 ms are one and two frames late."""


@dataclass(frozen=True, slots=True)
class Lag:
    """Lags in seconds over the window, and counts since the beginning.

    ``buckets`` counts cumulatively, as Prometheus does: (upper bound, lags up to it), without the
    infinite bucket, whose count is ``count``.
    """

    p50_s: float
    p99_s: float
    max_s: float
    count: int
    sum_s: float
    buckets: tuple[tuple[float, int], ...]


class LagMeter:
    """Keeps lags: the last ``window_s`` for quantiles, all of them as a histogram."""

    def __init__(self, window_s: float = 60.0, interval_s: float = 0.05) -> None:
        self._recent: deque[float] = deque(maxlen=max(1, round(window_s / interval_s)))
        self._counts = [0] * (len(BUCKETS_S) + 1)
        self._sum_s = 0.0

    def add(self, lag_s: float) -> None:
        lag_s = max(0.0, lag_s)
        self._recent.append(lag_s)
        self._counts[bisect_left(BUCKETS_S, lag_s)] += 1
        self._sum_s += lag_s

    def snapshot(self) -> Lag:
        """The lags so far; all zero before the first."""
        ordered = sorted(self._recent) or [0.0]
        last = len(ordered) - 1
        total = 0
        buckets = []
        for bound, count in zip(BUCKETS_S, self._counts, strict=False):
            total += count
            buckets.append((bound, total))
        return Lag(
            p50_s=ordered[round(last * 0.50)],
            p99_s=ordered[round(last * 0.99)],
            max_s=ordered[-1],
            count=sum(self._counts),
            sum_s=self._sum_s,
            buckets=tuple(buckets),
        )


class LoopLag:
    """Measures how late the event loop runs: sleeps ``interval_s`` and looks how long that took.

    ``await run()`` in a task of its own; cancel it to stop.
    """

    def __init__(self, window_s: float = 60.0, interval_s: float = 0.05) -> None:
        self._interval_s = interval_s
        self._meter = LagMeter(window_s, interval_s)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self._interval_s
            await asyncio.sleep(self._interval_s)
            self._meter.add(loop.time() - due)

    def snapshot(self) -> Lag:
        return self._meter.snapshot()


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick: the time it was due, how late it came, and ticks left out just before it."""

    index: int
    due: float
    late_s: float
    skipped: int


class Schedule:
    """Due times ``start + n * period_s``, whatever happened to the ticks before.

    A tick that is more than ``patience`` periods late makes the schedule leave out the missed ones
    but keep the grid: a receiver hears one gap, not a burst that its jitter buffer must throw away.
    """

    def __init__(self, start: float, period_s: float = FRAME_S, patience: int = 2) -> None:
        self._start = start
        self._period_s = period_s
        self._patience = patience
        self._index = 0

    @property
    def due(self) -> float:
        """When the next tick is to come."""
        return self._start + self._index * self._period_s

    def tick(self, now: float) -> Tick:
        """Take the next tick at ``now``, which is not before `due`."""
        behind = int((now - self.due) / self._period_s + 1e-9)
        skipped = behind if behind > self._patience else 0
        self._index += skipped
        taken = Tick(self._index, self.due, max(0.0, now - self.due), skipped)
        self._index += 1
        return taken


class Ticker:
    """An endless async iterator of `Tick`, every 20 ms of the loop's clock without drift.

    Up to ``patience`` late ticks follow at once, so that the average rate holds; when the loop was
    away for longer, the missed ticks are left out and counted in `Tick.skipped`.
    """

    def __init__(self, period_s: float = FRAME_S, patience: int = 2) -> None:
        self._period_s = period_s
        self._patience = patience

    async def __aiter__(self) -> AsyncIterator[Tick]:
        loop = asyncio.get_running_loop()
        schedule = Schedule(loop.time(), self._period_s, self._patience)
        while True:
            # sleep(0) for a tick that is due already: the loop must get its turn in any case.
            await asyncio.sleep(max(0.0, schedule.due - loop.time()))
            yield schedule.tick(max(loop.time(), schedule.due))
