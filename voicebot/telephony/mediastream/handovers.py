"""Calls that leave us for somebody else: what the carrier is told when it asks how to go on.

Pure, on passed-in time, but for the future that tells a leg that its target was fetched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

KEPT_S: Final = 60.0
MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Handover:
    """``target`` is a SIP or tel URI, ``context`` what who takes the call should know."""

    target: str
    context: Mapping[str, str]
    until: float
    fetched: asyncio.Future[None]


class Handovers:
    """By the carrier's name of the call. Bounded: the oldest goes when there are too many."""

    def __init__(self) -> None:
        self._waiting: dict[str, Handover] = {}

    def offer(
        self, call: str, target: str, context: Mapping[str, str], now: float
    ) -> asyncio.Future[None]:
        """Keep a target; the future is done once it was fetched."""
        if len(self._waiting) >= MOST:
            del self._waiting[next(iter(self._waiting))]
        fetched = asyncio.get_running_loop().create_future()
        self._waiting[call] = Handover(target, dict(context), now + KEPT_S, fetched)
        return fetched

    def withdraw(self, call: str) -> None:
        """Nobody came for it."""
        self._waiting.pop(call, None)

    def take(self, call: str, now: float) -> Handover | None:
        """Give the target away, once; None where there is none."""
        found = self._waiting.pop(call, None)
        if found is None or found.until < now:
            return None
        if not found.fetched.done():
            found.fetched.set_result(None)
        return found
