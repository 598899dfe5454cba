"""How often people may have us call a number that they type. Pure; ``now`` in UTC epoch seconds.

A call costs money and rings at somebody's, who may not be the one who typed: so few to one number
in a day, few for one address in an hour, and a bound on all of them in an hour. What was asked for
is kept in the records for a day, so that a restart begins nothing anew.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class CallAsked:
    """A call was asked for: to ``number``, from the network ``address`` of a browser."""

    at: float
    number: str
    address: str


class AskedCalls(Protocol):
    """Keeps the calls of a day; `storage.asked_calls` is one. Both raise StorageError."""

    async def since(self, at: float) -> Sequence[CallAsked]:
        """Those from then on, in order."""
        ...

    async def add(self, call: CallAsked, forget_before: float) -> None:
        """Keep one, and forget what is older."""
        ...


class _Window:
    """At most ``most`` calls for each key within ``span_s``."""

    def __init__(self, most: int, span_s: float) -> None:
        self._most = most
        self._span_s = span_s
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, key: str, now: float) -> float:
        times = self._times.get(key, deque())
        while times and times[0] <= now - self._span_s:
            times.popleft()
        if len(times) < self._most:
            return 0.0
        return times[0] + self._span_s - now if times else self._span_s

    def add(self, key: str, now: float) -> None:
        self._times.setdefault(key, deque()).append(now)
        self._times.move_to_end(key)
        # What is over is forgotten, so that no more is kept than the calls of a span.
        while next(iter(self._times.values()))[-1] <= now - self._span_s:
            self._times.popitem(last=False)


class CallLimits:
    """At most ``per_number`` calls to a number in a day, ``per_address`` calls that one network
    address asks for in an hour, and ``per_hour`` calls in all."""

    def __init__(self, per_number: int, per_hour: int, per_address: int) -> None:
        self._numbers = _Window(per_number, DAY_S)
        self._addresses = _Window(per_address, HOUR_S)
        self._all = _Window(per_hour, HOUR_S)

    def wait_s(self, call: CallAsked) -> float:
        """0 where ``call`` may be made (it counts then), else the seconds until it may be."""
        wait_s = max(window.wait_s(key, call.at) for window, key in self._windows(call))
        if not wait_s:
            self.add(call)
        return wait_s

    def add(self, call: CallAsked) -> None:
        """Count a call, as one that was asked for before a restart."""
        for window, key in self._windows(call):
            window.add(key, call.at)

    def _windows(self, call: CallAsked) -> list[tuple[_Window, str]]:
        windows = [(self._numbers, call.number), (self._all, "")]
        return [*windows, (self._addresses, call.address)] if call.address else windows
