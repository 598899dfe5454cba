"""Keeps the day's figures fresh without asking the database more than it should be asked.

Read again when a contact has ended or come further on its way to text, and at the latest after
`AT_LATEST_S`; but never for more than a share of the time, so that a large record or a slow
database makes the figures older and not the calls worse.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from datetime import tzinfo
from typing import Final

import structlog

from voicebot.analytics.deflection import DeflectionRecords
from voicebot.analytics.history import Ledger
from voicebot.errors import StorageError
from voicebot.events import CallEnded, CallEvent, DeflectionReached
from voicebot.wall.day import DayFigures, Targets, as_shown, day_until, read_figures
from voicebot.wall.model import DayOnWall

log = structlog.get_logger(__name__)

AT_LATEST_S: Final = 60.0
SOONEST_S: Final = 1.0
SHARE: Final = 30.0
"""A read that took a second is followed by a pause of so many."""
WRITTEN_WITHIN_S: Final = 1.0
"""Facts are written a moment after they are told: what was read sooner may lack the last ones."""


class Today:
    """``clock`` gives UTC epoch seconds, ``timer`` seconds that only grow."""

    def __init__(
        self,
        ledger: Ledger,
        deflections: DeflectionRecords,
        zone: tzinfo,
        targets: Targets,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._deflections = deflections
        self._zone = zone
        self._targets = targets
        self._clock = clock
        self._timer = timer
        self._reading = asyncio.Lock()
        self._changed_at = -math.inf
        self._read_at = -AT_LATEST_S
        self._not_before = 0.0
        self._last_week: tuple[float, float, DayFigures] | None = None
        """The day it belongs to, when it was read, and what it came to."""
        self.day: DayOnWall | None = None
        """What was read last; None before the first time."""

    def observe(self, event: CallEvent) -> None:
        """Take one fact: those that change the day's figures make them old."""
        if isinstance(event, CallEnded | DeflectionReached):
            self._changed_at = self._timer()

    async def fresh(self) -> DayOnWall | None:
        """Read again where it is time to, and give what is known. Never raises StorageError: what
        the database refuses is asked again later."""
        async with self._reading:
            if self._is_due():
                began = self._timer()
                try:
                    self.day = await self._read()
                except StorageError as error:
                    log.warning("day_not_read", problem=str(error))
                self._read_at = began
                ended = self._timer()
                self._not_before = ended + max(SOONEST_S, SHARE * (ended - began))
        return self.day

    def _is_due(self) -> bool:
        now = self._timer()
        is_old = self._read_at < self._changed_at + WRITTEN_WITHIN_S
        return now >= self._not_before and (is_old or now >= self._read_at + AT_LATEST_S)

    async def _read(self) -> DayOnWall:
        now = self._clock()
        span = day_until(now, self._zone)
        today = await read_figures(self._ledger, self._deflections, span, now)
        before = self._last_week
        if before is None or before[0] != span.since or now >= before[1] + AT_LATEST_S:
            then = day_until(now, self._zone, weeks_ago=1)
            figures = await read_figures(self._ledger, self._deflections, then, now)
            before = self._last_week = (span.since, now, figures)
        return as_shown(span, today, before[2], self._targets, now)
