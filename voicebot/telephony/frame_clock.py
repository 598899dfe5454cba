"""One 20 ms clock for all calls of a door.

A task and a timer per call cost more than the frames they send, so every call is served from one
timer. The grid does not drift (`media.clock.Schedule`); when the loop was held up for more than two
frames the missed ones are left out rather than sent in a burst. Without calls nothing runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeAlias

import structlog

from voicebot.media.clock import Schedule, Tick
from voicebot.media.frames import FRAME_S

log = structlog.get_logger(__name__)

OnTick: TypeAlias = Callable[[Tick], None]
"""Called once a tick with what `Schedule` says of it; must return at once."""


class Timer(Protocol):
    """What the clock needs of an event loop, so that a test can be one."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle: ...


class FrameClock:
    """Calls every member each 20 ms of ``timer``, which is the running loop where none is given.

    A member that raises is logged and stays: one bad frame must not end the stream.
    """

    def __init__(self, timer: Timer | None = None) -> None:
        self._loop = timer
        self._members: dict[int, OnTick] = {}
        self._next_key = 0
        self._schedule: Schedule | None = None
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._members)

    def add(self, on_tick: OnTick) -> int:
        """Call ``on_tick`` from the next tick on; give the key to `remove` it by."""
        self._next_key += 1
        self._members[self._next_key] = on_tick
        if self._timer is None:
            self._loop = self._loop or asyncio.get_running_loop()
            # The first tick is one frame away: the member is still setting itself up.
            self._schedule = Schedule(self._loop.time() + FRAME_S)
            self._arm()
        return self._next_key

    def remove(self, key: int) -> None:
        """Forget a member; the last one stops the clock."""
        self._members.pop(key, None)
        if not self._members and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        assert self._schedule is not None
        assert self._loop is not None
        self._timer = self._loop.call_at(self._schedule.due, self._run)

    def _run(self) -> None:
        assert self._schedule is not None
        assert self._loop is not None
        # The loop may wake a hair before the time asked for.
        tick = self._schedule.tick(max(self._loop.time(), self._schedule.due))
        self._arm()
        for on_tick in tuple(self._members.values()):
            try:
                on_tick(tick)
            except Exception:
                log.exception("frame_failed")
