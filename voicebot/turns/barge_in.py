"""When a sound is the caller speaking: enough speech frames in a short stretch.

A cough, a click or a detector's slip is shorter than any word. While a prompt plays more is asked
for than in silence, since stopping a prompt for nothing is worse than stopping it 40 ms later.
Echo of our own prompt is not cancelled here; telephones and softphones do that.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from voicebot.media.frames import FRAME_S

_SLACK_S: Final = 1e-6
"""Frames 20 ms apart are counted, whatever rounding their times have."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """At least ``frames`` speech frames within the last ``within_s`` seconds."""

    frames: int
    within_s: float


ONSET: Final = Criterion(5, 0.14)
"""The caller has begun to speak."""
BARGE_IN: Final = Criterion(7, 0.20)
"""The same while a prompt plays."""
RESUMED: Final = Criterion(3, 0.10)
"""The caller went on after a pause."""
SUSTAINED: Final = Criterion(2, 0.10)
"""The caller is still speaking: one frame alone does not prolong an utterance."""
STIRRING: Final = Criterion(2, 0.10)
"""The caller may be about to speak: not the moment for a noinput."""

_LONGEST_S: Final = max(c.within_s for c in (ONSET, BARGE_IN, RESUMED, SUSTAINED, STIRRING))


class RecentSpeech:
    """The speech frames of the last moments."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def hear(self, speech: bool, now: float) -> None:
        while self._times and self._times[0] <= now - _LONGEST_S + _SLACK_S:
            self._times.popleft()
        if speech:
            self._times.append(now)

    def clear(self) -> None:
        self._times.clear()

    def meets(self, criterion: Criterion, now: float) -> bool:
        return self._count(criterion, now) >= criterion.frames

    def since(self, criterion: Criterion, now: float) -> float:
        """The beginning of the first speech frame that counts; ``now`` where there is none."""
        count = self._count(criterion, now)
        return self._times[-count] - FRAME_S if count else now

    def _count(self, criterion: Criterion, now: float) -> int:
        oldest = now - criterion.within_s + _SLACK_S
        return sum(at > oldest for at in self._times)
