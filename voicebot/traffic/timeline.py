"""Virtual time: what is to be done when, in order, as fast as it can be done."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeAlias

Work: TypeAlias = Callable[[float], Awaitable[None]]
"""Does something at a time, UTC epoch seconds."""


class Timeline:
    """Work and its times; work may plan more."""

    def __init__(self) -> None:
        self._planned: list[tuple[float, int, Work]] = []
        self._numbers = count()

    def at(self, when: float, work: Work) -> None:
        """Do ``work`` at ``when``; what is planned for the same time is done in that order."""
        heapq.heappush(self._planned, (when, next(self._numbers), work))

    async def run(self) -> None:
        """Do everything, until nothing is planned any more."""
        while self._planned:
            when, _, work = heapq.heappop(self._planned)
            await work(when)
