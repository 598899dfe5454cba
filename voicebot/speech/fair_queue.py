"""A bounded queue that is fair between calls: the jobs of each call wait in a line of their own.

Lines take turns (round-robin), so that a call which asks for much waits for itself and not the
others for it. A newer job of a call may take the place of its waiting older one: what a caller had
said up to the first pause is of no use once more of it can be decoded. Pure: no clock, no tasks.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable
from enum import Enum
from typing import Generic, TypeVar

T = TypeVar("T")


class Taken(Enum):
    """That `FairQueue.put` took the job without pushing another out."""

    IN = "in"


class FairQueue(Generic[T]):
    """Jobs of type ``T`` by the key of who asked; ``limit`` bounds all of them together."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lines: OrderedDict[Hashable, deque[T]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def put(self, key: Hashable, job: T, *, replace: bool = False) -> T | Taken | None:
        """Put ``job`` at the end of the line of ``key``.

        With ``replace`` it takes the place of the line's last job, which is given back: that works
        in a full queue too. Otherwise gives `Taken.IN`, or None where the queue is full and the job
        was not taken.
        """
        line = self._lines.get(key)
        if replace and line:
            older = line[-1]
            line[-1] = job
            return older
        if self._size >= self.limit:
            return None
        self._lines.setdefault(key, deque()).append(job)
        self._size += 1
        return Taken.IN

    def take(self) -> tuple[Hashable, T] | None:
        """Give the first job of the line whose turn it is, with its key; None where none waits."""
        if not self._lines:
            return None
        key, line = self._lines.popitem(last=False)
        job = line.popleft()
        if line:
            self._lines[key] = line
        self._size -= 1
        return key, job

    def give_back(self, key: Hashable, job: T) -> None:
        """Put back a job that was taken but not begun: it is the next one again, full or not."""
        self._lines.setdefault(key, deque()).appendleft(job)
        self._lines.move_to_end(key, last=False)
        self._size += 1

    def remove(self, key: Hashable, job: T) -> bool:
        """Take ``job`` out of its line; false where it does not wait (any more)."""
        line = self._lines.get(key, deque())
        for index, waiting in enumerate(line):
            if waiting is job:
                del line[index]
                if not line:
                    del self._lines[key]
                self._size -= 1
                return True
        return False

    def clear(self) -> list[T]:
        """Empty the queue and give what waited."""
        waiting = [job for line in self._lines.values() for job in line]
        self._lines.clear()
        self._size = 0
        return waiting
