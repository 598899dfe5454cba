"""Keys: collecting them into an entry, and keeping those pressed ahead of the question.

VoiceXML 2.0 appendix D gives ``interdigittimeout`` and ``termchar``. Three choices of ours:

- A complete entry to which nothing can be added ends at once (a termtimeout of 0 s). Callers who
  press the termchar all the same do so out of habit; `SpareTermchar` swallows it, or it would
  answer the next question.
- A dead entry (no grammar can hold it any more) ends after `DEAD_QUIET_S` without a key rather than
  at once: the rest of a mistyped number belongs to this entry and not to the next question.
- The termchar is an ordinary key where the entry is empty and a grammar begins with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

MOST_KEYS: Final = 64
"""Longest entry, and most keys kept ahead; more are dropped and counted."""

DEAD_QUIET_S: Final = 0.7
SPARE_TERMCHAR_S: Final = 2.0


class KeyProgress(Enum):
    """What a string of keys is to the active grammars."""

    DEAD = "dead"
    """No entry begins like this."""
    PARTIAL = "partial"
    """The beginning of an entry."""
    COMPLETE_OPEN = "complete_open"
    """An entry, and the beginning of a longer one."""
    COMPLETE = "complete"
    """An entry to which nothing can be added."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished entry, without the termchar."""

    keys: str
    reason: Literal["complete", "termchar", "interdigit", "dead"]


class DigitCollector:
    """Collects the keys of one entry."""

    def __init__(
        self, progress: Callable[[str], KeyProgress], termchar: str, interdigit_s: float
    ) -> None:
        self._progress = progress
        self._termchar = termchar
        self._interdigit_s = interdigit_s
        self._keys = ""
        self._dead = False
        self._deadline: float | None = None
        self.dropped = 0

    @property
    def deadline(self) -> float | None:
        """When the entry ends if no more key comes; None before the first key."""
        return self._deadline

    @property
    def pressed(self) -> int:
        """How many keys the entry has so far."""
        return len(self._keys)

    def press(self, key: str, now: float) -> Entry | None:
        """Take a key; give the entry if that ended it."""
        if key == self._termchar and (self._keys or self._progress(key) is KeyProgress.DEAD):
            return Entry(self._keys, "termchar")
        if len(self._keys) >= MOST_KEYS:
            self.dropped += 1
            self.restart_clock(now)
            return None
        state = self._progress(self._keys + key)
        self._keys += key
        self._dead = state is KeyProgress.DEAD
        self.restart_clock(now)
        return Entry(self._keys, "complete") if state is KeyProgress.COMPLETE else None

    def restart_clock(self, now: float) -> None:
        """Count the pause between keys from ``now``."""
        quiet_s = min(self._interdigit_s, DEAD_QUIET_S) if self._dead else self._interdigit_s
        self._deadline = now + quiet_s

    def expire(self) -> Entry:
        """The deadline passed: give what there is."""
        return Entry(self._keys, "dead" if self._dead else "interdigit")


class TypeAhead:
    """Keys pressed while nobody listened, oldest first."""

    def __init__(self) -> None:
        self._keys: deque[str] = deque()
        self.dropped = 0

    def __bool__(self) -> bool:
        return bool(self._keys)

    def push(self, key: str) -> None:
        if len(self._keys) >= MOST_KEYS:
            self.dropped += 1
        else:
            self._keys.append(key)

    def pop(self) -> str:
        return self._keys.popleft()

    def clear(self) -> None:
        self.dropped += len(self._keys)
        self._keys.clear()


class SpareTermchar:
    """Recognises the termchar that a caller presses after an entry that was complete without it."""

    def __init__(self) -> None:
        self._termchar = ""
        self._until = 0.0

    def expect(self, termchar: str, now: float) -> None:
        """An entry ended at ``now`` that the caller may still close with ``termchar``."""
        self._termchar, self._until = termchar, now + SPARE_TERMCHAR_S

    def swallows(self, key: str, now: float) -> bool:
        """Whether ``key`` is that termchar. Only the first key after the entry can be it."""
        spare = key == self._termchar and now < self._until
        self._termchar = ""
        return spare
