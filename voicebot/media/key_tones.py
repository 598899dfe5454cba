"""Keys as sound (ITU-T Q.23), for a line on which somebody else's machine listens.

Pure. Each key is heard for `KEY_S` with a pause after it (Q.24 asks for 40 ms and 40 ms at least).
Left out on purpose: RFC 4733 events, which the SIP door sends where they were agreed.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from voicebot.media.dtmf_detector import HIGH_HZ, LAYOUT, LOW_HZ
from voicebot.media.frames import frame_length
from voicebot.media.tones import Tone, render
from voicebot.types import Samples

KEY_S: Final = 0.12
PAUSE_S: Final = 0.08
MOST_WAITING: Final = 64
"""Keys that wait to be heard; more are dropped."""


def key_tone(key: str) -> Tone:
    """The two tones of one of `voicebot.types.KEYS`. Raises ValueError for another."""
    for low, row in zip(LOW_HZ, LAYOUT, strict=True):
        if key in row and len(key) == 1:
            return Tone((low, HIGH_HZ[row.index(key)]), KEY_S, PAUSE_S, level_dbfs=-12.0)
    raise ValueError("no key of a telephone")


class KeySounds:
    """A `FrameSource` of ``rate`` Hz: silence, and the keys that were pressed, in order."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._length = frame_length(rate)
        self._keys: deque[str] = deque(maxlen=MOST_WAITING)
        self._sound: Samples = np.zeros(0, np.int16)

    def press(self, key: str) -> None:
        """Let ``key`` be heard behind those before it."""
        if len(self._keys) < MOST_WAITING:
            self._keys.append(key)

    def next_frame(self, now: float) -> Samples | None:
        if not len(self._sound):
            if not self._keys:
                return None
            self._sound = render(key_tone(self._keys.popleft()), self._rate)
        frame, self._sound = self._sound[: self._length], self._sound[self._length :]
        return frame
