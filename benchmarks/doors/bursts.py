"""Bursts of tone by which a delay is measured: made by the caller, found again by the listener."""

from __future__ import annotations

from typing import Final

import numpy as np

from voicebot.media.frames import frame_length, level_dbfs
from voicebot.types import Samples

BURST_FRAMES: Final = 8
"""160 ms."""
EVERY_FRAMES: Final = 50
_LOUD_DBFS: Final = -30.0
_QUIET_FRAMES: Final = 10
_LATEST_S: Final = 0.7


def tone(rate: int) -> Samples:
    """A burst: 440 Hz, an odd number for no codec, about -9 dBFS."""
    places = np.arange(frame_length(rate) * BURST_FRAMES)
    return (np.sin(2 * np.pi * 440 * places / rate) * 16_000).astype(np.int16)


class Bursts:
    """What a caller sends, frame by frame, and when bursts began to leave."""

    def __init__(self, rate: int = 8000) -> None:
        self._frames = tone(rate).reshape(BURST_FRAMES, -1)
        self._silence = np.zeros(frame_length(rate), np.int16)
        self._index = 0
        self.departures: list[float] = []

    def next_frame(self, now: float) -> Samples:
        """The frame that leaves at ``now``; notes where a burst begins with it."""
        place = self._index % EVERY_FRAMES
        self._index += 1
        if place == EVERY_FRAMES // 2:
            self.left(now)
        offset = place - EVERY_FRAMES // 2
        return self._frames[offset] if 0 <= offset < BURST_FRAMES else self._silence

    def left(self, now: float) -> None:
        """A burst's first frame left at ``now`` (the loop's clock, which is monotonic time)."""
        self.departures.append(now)


class Onsets:
    """Finds where bursts begin in what arrives."""

    def __init__(self) -> None:
        self._quiet = 0
        self.arrivals: list[float] = []

    def take(self, samples: Samples, now: float) -> None:
        if level_dbfs(samples) < _LOUD_DBFS:
            self._quiet += 1
            return
        if self._quiet >= _QUIET_FRAMES:
            self.arrivals.append(now)
        self._quiet = 0


def delays_ms(departures: list[float], arrivals: list[float]) -> tuple[float, ...]:
    """The time between each departure and the next arrival, sorted; bursts that got lost are left
    out."""
    found = []
    for left in departures:
        came = next((at for at in arrivals if at >= left), None)
        if came is not None and came - left < _LATEST_S:
            found.append((came - left) * 1000)
    return tuple(sorted(found))
