"""Wakes what runs on passed-in time: one timer, set anew whenever the next moment changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

LONGEST_SLEEP_S: Final = 60.0
"""The wall clock may be set while we sleep: nobody waits longer than this for a timer then."""


class Timer(Protocol):
    def cancel(self) -> None: ...


CallLater: TypeAlias = Callable[[float, Callable[[], None]], Timer]
"""Calls a function in so many seconds, as an event loop does."""


def on_the_loop(delay: float, then: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(delay, then)


class WakeUp:
    """Calls ``then`` when a moment of the caller's clock has come, or somewhat before it."""

    def __init__(self, call_later: CallLater, then: Callable[[], None]) -> None:
        self._call_later = call_later
        self._then = then
        self._timer: Timer | None = None

    def set(self, due: float | None, now: float) -> None:
        """Let ``due``, in the seconds of ``now``, be the moment instead of the last; None: never.

        Where it is far away, ``then`` is called earlier and sets it again.
        """
        self.cancel()
        if due is not None:
            delay = min(max(0.0, due - now), LONGEST_SLEEP_S)
            self._timer = self._call_later(delay, self._wake)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        self._timer = None
        self._then()
