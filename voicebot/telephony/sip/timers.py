"""When a message is sent again over UDP, and when nobody is there (RFC 3261 section 17)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timers:
    """RFC 3261's base timers: T1 the first repeat, T2 the longest pause between two."""

    t1_s: float = 0.5
    t2_s: float = 4.0

    @property
    def give_up_s(self) -> float:
        """64 x T1: after that nobody is there any more (timers B, F and H)."""
        return 64 * self.t1_s


def resend_delays(timers: Timers, longest_s: float | None = None) -> Iterator[float]:
    """Pauses in seconds before each repeat (timers A, E and G), and one more before giving up.

    No pause is longer than ``longest_s``, T2 where that is left out; for timer A there is no such
    bound.
    """
    longest_s = timers.t2_s if longest_s is None else longest_s
    pause = timers.t1_s
    left = timers.give_up_s
    while left > pause:
        yield pause
        left -= pause
        pause = min(2 * pause, longest_s)
    yield left


class Resender:
    """Calls ``resend`` along `resend_delays`, then ``give_up``, unless it is stopped before."""

    def __init__(
        self,
        timers: Timers,
        resend: Callable[[], None],
        give_up: Callable[[], None],
        longest_s: float | None = None,
    ) -> None:
        self._delays = resend_delays(timers, longest_s)
        self._resend = resend
        self._give_up = give_up
        self._timer: asyncio.TimerHandle | None = None
        self._arm(next(self._delays))

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, delay: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay, self._fire)

    def _fire(self) -> None:
        delay = next(self._delays, None)
        if delay is None:
            self._timer = None
            self._give_up()
            return
        self._resend()
        self._arm(delay)
