"""How often people may have us call a number that they type. Pure; ``now`` in seconds.

A call costs money and rings at somebody's, who may not be the one who typed: so few to one number
in a day, and a bound on all of them in an hour.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0


class CallLimits:
    """At most ``per_number`` calls to a number in a day and ``per_hour`` calls to all."""

    def __init__(self, per_number: int, per_hour: int) -> None:
        self._per_number = per_number
        self._per_hour = per_hour
        self._all: deque[float] = deque()
        self._each: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, number: str, now: float) -> float:
        """0 where ``number`` may be called now (which counts as a call), else the seconds until it
        may be."""
        self._forget(now)
        own = self._each.get(number, deque())
        while own and own[0] <= now - DAY_S:
            own.popleft()
        if len(own) >= self._per_number:
            return own[0] + DAY_S - now if own else DAY_S
        if len(self._all) >= self._per_hour:
            return self._all[0] + HOUR_S - now if self._all else HOUR_S
        for times in (own, self._all):
            times.append(now)
        self._each[number] = own
        self._each.move_to_end(number)
        return 0.0

    def _forget(self, now: float) -> None:
        """What is over is forgotten, so that no more is kept than a day's calls."""
        while self._all and self._all[0] <= now - HOUR_S:
            self._all.popleft()
        while self._each and next(iter(self._each.values()))[-1] <= now - DAY_S:
            self._each.popitem(last=False)
