"""What is usual for an hour of the week: the median of other weeks, and how far they lie from it.

The spread is the median absolute deviation, scaled to the standard deviation of a normal
distribution (Rousseeuw and Croux, 'Alternatives to the median absolute deviation', JASA 88, 1993):
a holiday among the weeks does not widen it. Weeks that are all alike would make any change look
strange, so chance alone sets the least: of counts the square root (Poisson), of shares that of
p (1 - p) / n.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from statistics import median
from typing import Final

from voicebot.alerts.model import Kind, Reading, Usual
from voicebot.analytics.history import Span
from voicebot.analytics.totals import HOUR_S

LEAST_WEEKS: Final = 4
"""Fewer say nothing of what is usual."""
_NORMAL: Final = 1.4826
_LEAST_SHARE: Final = 0.01


def usual_of(weeks: Sequence[Reading], kind: Kind) -> Usual | None:
    """The usual of readings of the same hour in other weeks; None where too few have a value."""
    known = [(each.value, each.of) for each in weeks if each.value is not None]
    if len(known) < LEAST_WEEKS:
        return None
    values = [value for value, _ in known]
    middle = median(values)
    spread = _NORMAL * median(abs(value - middle) for value in values)
    return Usual(middle, max(spread, _chance(middle, median(of for _, of in known), kind)))


def _chance(middle: float, of: float, kind: Kind) -> float:
    if kind is Kind.COUNT:
        return math.sqrt(max(middle, 1.0))
    if kind is Kind.SHARE:
        return max(_LEAST_SHARE, math.sqrt(middle * (1 - middle) / max(of, 1.0)))
    return max(1.0, 0.1 * middle)


def hours_before(now: float, weeks: int, zone: tzinfo) -> list[Span]:
    """The hour that ends at ``now``, and the same one of the ``weeks`` before by the clocks of
    ``zone``; the newest first."""
    at = datetime.fromtimestamp(now, zone)
    ends = [(at - timedelta(weeks=back)).timestamp() for back in range(weeks + 1)]
    return [Span(end - HOUR_S, end) for end in ends]
