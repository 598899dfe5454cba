"""20 ms frames: cutting blocks of any length into them, and their level.

20 ms is the packet time that every telephone codec and every door of voicebot uses (RFC 3551). No
buffering against jitter happens here; that is the playout buffer's work in the RTP stack.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from voicebot.types import Samples

FRAME_MS: Final = 20
FRAME_S: Final = FRAME_MS / 1000
FULL_SCALE: Final = 32768
SILENT_DBFS: Final = -60.0
"""Below this a frame is silence to any listener on a telephone line (G.711's own noise is -70)."""

_FLOOR_DBFS: Final = -100.0


def frame_length(rate: int) -> int:
    """Samples in one frame at ``rate`` Hz."""
    return rate * FRAME_MS // 1000


def silence(rate: int) -> Samples:
    """One frame of digital silence."""
    return np.zeros(frame_length(rate), np.int16)


def level_dbfs(samples: Samples) -> float:
    """RMS level against full scale: 0 for a full-scale square wave, -100 for no sound at all."""
    if not len(samples):
        return _FLOOR_DBFS
    wide = samples.astype(np.float32)
    power = float(np.dot(wide, wide)) / len(samples)
    if power <= 0.0:
        return _FLOOR_DBFS
    return max(_FLOOR_DBFS, 10.0 * math.log10(power / FULL_SCALE**2))


def is_silent(samples: Samples, threshold_dbfs: float = SILENT_DBFS) -> bool:
    """Whether nobody would hear ``samples``."""
    return level_dbfs(samples) < threshold_dbfs


class Framer:
    """Turns blocks of any length into exact frames, keeping the rest for the next block."""

    def __init__(self, rate: int) -> None:
        self._length = frame_length(rate)
        self._rest = np.zeros(0, np.int16)

    @property
    def pending(self) -> int:
        """Samples that wait for the rest of their frame, less than one frame."""
        return len(self._rest)

    def feed(self, samples: Samples) -> list[Samples]:
        """Give the frames that are now whole, in order; may be none."""
        block = np.concatenate((self._rest, samples)) if len(self._rest) else samples
        whole = len(block) - len(block) % self._length
        self._rest = block[whole:].copy()
        return [block[start : start + self._length] for start in range(0, whole, self._length)]

    def flush(self) -> list[Samples]:
        """Give the rest as a last frame, filled up with silence; none where nothing is pending."""
        if not len(self._rest):
            return []
        last = np.zeros(self._length, np.int16)
        last[: len(self._rest)] = self._rest
        self._rest = np.zeros(0, np.int16)
        return [last]


def frames_of(samples: Samples, rate: int) -> list[Samples]:
    """Cut a whole recording into frames, the last one filled up with silence."""
    framer = Framer(rate)
    return framer.feed(samples) + framer.flush()
