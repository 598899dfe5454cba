"""Timers by what they are for: one of each kind and subject, the earliest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from enum import Enum, auto


class Timing(Enum):
    NO_ANSWER = auto()
    WIDEN = auto()
    SPILL = auto()
    ANNOUNCE = auto()
    LAST_AGENT = auto()
    DECLINED = auto()
    WRAP_UP = auto()
    CALLBACK = auto()
    RETURN = auto()
    """An agent whose telephone could not be reached is tried again."""


Key = tuple[Timing, str, str]
"""What the timer is for, and whose it is: a contact, for WRAP_UP the agent too, and for RETURN the
agent alone."""


class Timers:
    """A heap with lazy deletion; cancelled entries are swept when they are more than half."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Key]] = []
        self._set: dict[Key, int] = {}
        self._count = 0

    def set(self, kind: Timing, due: float, subject: str, agent: str = "") -> None:
        """Set the timer, in place of the one that was set for the same."""
        key = (kind, subject, agent)
        self._count += 1
        self._set[key] = self._count
        heapq.heappush(self._heap, (due, self._count, key))
        if len(self._heap) > 64 and len(self._heap) > 2 * len(self._set):
            self._heap = [each for each in self._heap if self._set.get(each[2]) == each[1]]
            heapq.heapify(self._heap)

    def cancel(self, kind: Timing, subject: str, agent: str = "") -> None:
        self._set.pop((kind, subject, agent), None)

    def next(self) -> float | None:
        """When the earliest is due; None where none is set."""
        while self._heap:
            due, count, key = self._heap[0]
            if self._set.get(key) == count:
                return due
            heapq.heappop(self._heap)
        return None

    def due(self, now: float) -> Iterator[Key]:
        """Take every timer that is due, the earliest first; one set meanwhile counts too."""
        while (due := self.next()) is not None and due <= now:
            key = heapq.heappop(self._heap)[2]
            del self._set[key]
            yield key
