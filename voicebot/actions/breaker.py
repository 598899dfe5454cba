"""A circuit breaker: stop asking a service that is down, so that callers need not wait for it.

Pure: the time is passed in, nothing is called or awaited. After ``failures`` failed runs in a row
the breaker opens and turns every run away for ``open_s``; then one run is let through as a probe
(half-open), and its end closes the breaker or opens it again. The pattern is Michael Nygard's
(*Release It!*). It leaves out failure rates over a window: an IVR asks seldom enough that a run of
failures says as much.
"""

from __future__ import annotations

from enum import StrEnum


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """One action's breaker. Every run that `admit` let in must end in exactly one of `succeeded`,
    `failed` and `abandoned`."""

    def __init__(self, *, failures: int = 5, open_s: float = 15.0) -> None:
        if failures < 1 or open_s <= 0:
            raise ValueError("failures is at least 1 and open_s more than 0")
        self._allowed = failures
        self._open_s = open_s
        self._failed_in_a_row = 0
        self._opened_at: float | None = None
        self._probing = False

    def state(self, now: float) -> BreakerState:
        if self._opened_at is None:
            return BreakerState.CLOSED
        if now - self._opened_at < self._open_s:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN

    def admit(self, now: float) -> bool:
        """Whether a run may start. While half-open only one may, until it has ended."""
        state = self.state(now)
        if state is BreakerState.CLOSED:
            return True
        if state is BreakerState.OPEN or self._probing:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        self._failed_in_a_row = 0
        self._opened_at = None
        self._probing = False

    def failed(self, now: float) -> None:
        self._failed_in_a_row += 1
        probe, self._probing = self._probing, False
        # Runs that began before the breaker opened end late; they must not push its end away.
        if probe or (self._opened_at is None and self._failed_in_a_row >= self._allowed):
            self._opened_at = now

    def abandoned(self) -> None:
        """The run was given up (the caller hung up): that says nothing about the service."""
        self._probing = False
