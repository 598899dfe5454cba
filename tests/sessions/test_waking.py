"""A timer that is set anew whenever the next moment changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from voicebot.sessions.waking import LONGEST_SLEEP_S, WakeUp


class Alarm:
    """One call of `call_later`."""

    def __init__(self, delay: float, ring: Callable[[], None]) -> None:
        self.delay = delay
        self.ring = ring
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    """Keeps what was ordered, and whether it woke anybody."""

    def __init__(self) -> None:
        self.alarms: list[Alarm] = []
        self.woken = 0
        self.wake_up = WakeUp(self._later, self._wake)

    def _later(self, delay: float, then: Callable[[], None]) -> Alarm:
        self.alarms.append(Alarm(delay, then))
        return self.alarms[-1]

    def _wake(self) -> None:
        self.woken += 1


def test_the_last_moment_that_was_set_counts() -> None:
    clock = Clock()
    clock.wake_up.set(20.0, 10.0)
    clock.wake_up.set(15.0, 10.0)
    first, second = clock.alarms
    assert first.cancelled
    assert not second.cancelled
    second.ring()
    assert (second.delay, clock.woken) == (5.0, 1)


@pytest.mark.parametrize("due,delay", [(3.0, 0.0), (10_000.0, LONGEST_SLEEP_S)])
def test_moments_in_the_past_and_far_away(due: float, delay: float) -> None:
    clock = Clock()
    clock.wake_up.set(due, 10.0)
    assert clock.alarms[0].delay == delay


def test_no_moment_is_no_timer() -> None:
    clock = Clock()
    clock.wake_up.set(15.0, 10.0)
    clock.wake_up.set(None, 11.0)
    assert [alarm.cancelled for alarm in clock.alarms] == [True]


def test_a_timer_that_rang_is_not_cancelled_again() -> None:
    clock = Clock()
    clock.wake_up.set(15.0, 10.0)
    clock.alarms[0].ring()
    clock.wake_up.cancel()
    assert not clock.alarms[0].cancelled
