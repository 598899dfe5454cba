"""The caller's audio of the last moments, to be cut out by time.

The buffer always keeps enough to reach back before the moment at which speech was noticed (onset,
debouncing, pre-roll); from `hold` on it keeps everything, up to a bound. No more of a caller's
voice stays in memory than the present utterance needs.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from voicebot.media.frames import FRAME_S
from voicebot.types import Samples

PREROLL_S: Final = 0.3
"""Before the detected beginning: soft first consonants lie below any detector."""
POSTROLL_S: Final = 0.12
"""After the detected end, as far as it was heard: the same for the last ones."""

_LOOKBACK_S: Final = 1.0
_SLACK_S: Final = 1e-6


class UtteranceBuffer:
    """Keeps frames with their times. A frame's time is that of its end (its arrival)."""

    def __init__(self, longest_s: float = 25.0) -> None:
        self._frames: deque[tuple[float, Samples]] = deque()
        self._lookback = round(_LOOKBACK_S / FRAME_S)
        self._most = max(self._lookback, round(longest_s / FRAME_S))
        self._held_from: float | None = None
        self._dropped = 0

    @property
    def dropped_frames(self) -> int:
        """Frames of an utterance that the bound pushed out: its beginning was too long ago."""
        return self._dropped

    def feed(self, samples: Samples, at: float) -> None:
        """Keep one frame that arrived ``at``; ``at`` never decreases."""
        self._frames.append((at, samples))
        if self._held_from is None:
            while len(self._frames) > self._lookback:
                self._frames.popleft()
        elif len(self._frames) > self._most:
            self._frames.popleft()
            self._dropped += 1

    def hold(self, start: float) -> None:
        """Keep all from ``start`` (and its pre-roll) on, until `release`."""
        self._held_from = start

    def release(self) -> None:
        """The utterance is done with: go back to keeping the last second."""
        self._held_from = None

    def cut(
        self,
        start: float,
        end: float,
        *,
        preroll_s: float = PREROLL_S,
        postroll_s: float = POSTROLL_S,
    ) -> Samples:
        """Give the audio from ``start`` to ``end`` with what lies just before and after.

        Shorter where less was kept or heard yet; int16 at the rate of the frames.
        """
        first, last = start - preroll_s + _SLACK_S, end + postroll_s + _SLACK_S
        frames = [samples for at, samples in self._frames if first < at <= last]
        return np.concatenate(frames) if frames else np.zeros(0, np.int16)
