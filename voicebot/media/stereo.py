"""Two sides of a call as one stereo stream, aligned in time.

Each frame comes with the time at which it was heard or left. A side's frames follow each other
without a seam as long as they come about when they should; after a gap (hold, nothing sent) silence
is put in, so that both sides stay where they were in time. Pure; what has been put together is
taken out with `take`, in blocks of about half a second.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicebot.media.frames import FRAME_S, frame_length, silence
from voicebot.types import Samples

StereoSamples: TypeAlias = NDArray[np.int16]
"""Shape [samples, 2]: left the caller, right what the caller hears."""

BLOCK_FRAMES: Final = 25
TOLERANCE_FRAMES: Final = 3
"""How far a frame may be off its place before silence is put in or the frame is left out."""
MOST_AHEAD_FRAMES: Final = 25
"""How far one side may be ahead before the other is taken for silent."""
LONGEST_GAP_FRAMES: Final = 3000
"""A longer gap (a minute: hold) is cut to this."""


@dataclass(slots=True)
class _Side:
    """One side: frames that wait for the other one, None for silence. ``next`` is the place of the
    frame to come, counted in frames from the beginning."""

    waiting: deque[Samples | None] = field(default_factory=deque)
    next: int = 0


class StereoLine:
    """Puts the sides together at ``rate`` Hz, from the first frame on. All ``at`` are seconds of
    one clock.

    ``dropped`` counts frames left out because a side's clock ran ahead.
    """

    def __init__(self, rate: int) -> None:
        self._silence = silence(rate)
        self._length = frame_length(rate)
        self._start: float | None = None
        self._left = _Side()
        self._right = _Side()
        self._cut = 0
        self.dropped = 0

    def left(self, frame: Samples, at: float) -> None:
        """A frame of the caller's, which was heard ``at``."""
        self._place(self._left, frame, at)

    def right(self, frame: Samples | None, at: float) -> None:
        """A frame that left for the caller ``at``, None where it was silence."""
        self._place(self._right, frame, at)

    @property
    def length_s(self) -> float:
        """How long the stream is by now, with what has not been taken out."""
        return max(self._left.next, self._right.next) * FRAME_S

    def take(self, *, rest: bool = False) -> StereoSamples | None:
        """Give what is complete, None for less than a block; with ``rest`` all there is."""
        ready = min(len(self._left.waiting), len(self._right.waiting))
        most = max(len(self._left.waiting), len(self._right.waiting))
        ready = most if rest else max(ready, most - MOST_AHEAD_FRAMES)
        if not ready or (ready < BLOCK_FRAMES and not rest):
            return None
        block = np.empty((ready * self._length, 2), np.int16)
        for channel, side in enumerate((self._left, self._right)):
            block[:, channel] = np.concatenate([self._pop(side) for _ in range(ready)])
        return block

    def _pop(self, side: _Side) -> Samples:
        if not side.waiting:
            # The other side goes on without this one, which has fallen silent.
            side.next += 1
            return self._silence
        frame = side.waiting.popleft()
        return self._silence if frame is None else frame

    def _place(self, side: _Side, frame: Samples | None, at: float) -> None:
        if self._start is None:
            self._start = at
        place = round((at - self._start) / FRAME_S) - self._cut
        gap = place - side.next
        if gap < -TOLERANCE_FRAMES:
            self.dropped += 1
            return
        if gap > LONGEST_GAP_FRAMES:
            self._cut += gap - LONGEST_GAP_FRAMES
            gap = LONGEST_GAP_FRAMES
        if gap > TOLERANCE_FRAMES:
            side.waiting.extend([None] * gap)
            side.next += gap
        side.waiting.append(self._fitted(frame))
        side.next += 1

    def _fitted(self, frame: Samples | None) -> Samples | None:
        if frame is None or len(frame) == self._length:
            return frame
        fitted = np.zeros(self._length, np.int16)
        fitted[: len(frame)] = frame[: self._length]
        return fitted
