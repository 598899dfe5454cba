"""How long a caller at a given place in line will wait, and how wrong that was before.

The queue-length estimator refined for abandonment (Ibrahim and Whitt, 'Real-time delay estimation
in overloaded multiserver queues with abandonments', Management Science 55, 2009: QL_r): with k
callers ahead, the line moves on at the rate R + k * theta, so the wait is the sum of the inverse
rates. Where their R is servers over the known mean service time, ours is measured: what one place
takes out of the line in a second of somebody waiting, times the places that are there now; an agent
has one for calls, and several for conversations. Calls and conversations are estimated apart, each
by its own line and its own places: what one kind takes from the other is measured too. That is
right also for agents of several queues, for rings and for work after a call. Rates fade with a half
life, so that the afternoon is not estimated by the morning; before enough has been seen, the
handling time of the settings weighs in. theta is the abandonments over the time spent waiting, the
maximum likelihood where patience is exponential.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

HALF_LIFE_S = 3600.0
PRIOR_STARTS = 5.0
"""The settings' handling time counts as so many observations."""
_EXACT = 64
"""Places that are summed one by one; those behind them by the integral, within a thousandth."""


@dataclass(frozen=True, slots=True)
class EstimateError:
    """The estimates given on joining the line, against what callers waited who were connected.

    ``mean_abs_s`` is the mean error whatever its sign, ``bias_s`` the mean of estimate less truth,
    ``mean_wait_s`` the mean truth. Callers who left or booked a callback do not count: nobody
    knows what they would have waited.
    """

    count: int = 0
    mean_abs_s: float = 0.0
    bias_s: float = 0.0
    mean_wait_s: float = 0.0


class WaitEstimator:
    """The rates of one queue for one channel, and the error of its estimates."""

    def __init__(self, handling_s: float) -> None:
        self._handling_s = handling_s
        self._at = -math.inf
        self._waiting = self._places = 0
        self._place_seconds = self._starts = 0.0
        self._waited_seconds = self._abandoned = 0.0
        self._errors = 0
        self._abs_sum = self._sum = self._wait_sum = 0.0

    def observe(self, now: float, waiting: int, places: int) -> None:
        """From ``now`` on so many wait, and agents can have so many at once."""
        past = now - self._at
        if past > 0:
            if self._at > -math.inf:
                self._fade(past)
            self._at = now
        self._waiting, self._places = waiting, places

    def _fade(self, past: float) -> None:
        kept = 0.5 ** (past / HALF_LIFE_S)
        # What a second is worth by now, on average over the seconds past.
        worth = (1.0 - kept) * HALF_LIFE_S / math.log(2)
        busy = worth if self._waiting else 0.0
        self._place_seconds = self._place_seconds * kept + busy * self._places
        self._waited_seconds = self._waited_seconds * kept + worth * self._waiting
        self._starts *= kept
        self._abandoned *= kept

    def started(self) -> None:
        """Somebody was taken out of the line to an agent."""
        self._starts += 1.0

    def abandoned(self) -> None:
        """Somebody left the line."""
        self._abandoned += 1.0

    def estimate(self, position: int, places: int) -> float | None:
        """Seconds that the contact at ``position`` (1 is next) will wait; None without agents."""
        if places < 1 or position < 1:
            return None
        prior_s = PRIOR_STARTS * self._handling_s
        rate = places * (PRIOR_STARTS + self._starts) / (prior_s + self._place_seconds)
        leaving = self._abandoned / self._waited_seconds if self._waited_seconds > 0 else 0.0
        exact = min(position, _EXACT)
        wait = sum(1.0 / (rate + ahead * leaving) for ahead in range(exact))
        rest = position - exact
        if rest and leaving * rest > 1e-9 * rate:
            low, high = rate + leaving * (exact - 0.5), rate + leaving * (position - 0.5)
            return wait + math.log(high / low) / leaving
        return wait + rest / rate

    def came_true(self, estimate_s: float, waited_s: float) -> None:
        """An estimate can be compared with the truth."""
        self._errors += 1
        self._abs_sum += abs(estimate_s - waited_s)
        self._sum += estimate_s - waited_s
        self._wait_sum += waited_s

    @property
    def error(self) -> EstimateError:
        return error_of(self)


def error_of(*estimators: WaitEstimator) -> EstimateError:
    """The error of all their estimates together."""
    count = sum(each._errors for each in estimators)
    if not count:
        return EstimateError()
    return EstimateError(
        count,
        sum(each._abs_sum for each in estimators) / count,
        sum(each._sum for each in estimators) / count,
        sum(each._wait_sum for each in estimators) / count,
    )
