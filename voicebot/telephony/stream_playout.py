"""Evens out audio that comes over TCP: blocks of any length and at any time in, 20 ms frames out.

Pure. TCP loses nothing and mixes nothing up, so there is nothing to conceal and nothing to sort;
what it does is to stand still and then hurry. A few frames are kept in hand against that. What came
too late to be played in time is played late, and the lateness is given back in the speaker's next
pause, so that no word is lost to it. RTP is another matter, see `playout`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from voicebot.media.frames import Framer, frame_length, is_silent
from voicebot.types import Samples

IN_HAND: Final = 2
"""Frames that wait before the first is played, where blocks are 20 ms long; one is still there
afterwards. Longer blocks need more, or the last frame is played long before the next block."""
_LONGEST_BLOCK: Final = 10
"""Frames of a block that are allowed for."""
MOST: Final = 50
"""Frames that may wait at most: 1 s. What is older is thrown away."""
_PATIENCE: Final = 25
"""For so many frames more than enough must lie in wait before pauses are shortened."""
_QUIET_DBFS: Final = -45.0
"""What may be left out: on a telephone line a pause lies between -70 and -50."""


@dataclass(slots=True)
class PlayoutCounts:
    """Frames: ``starved`` were silence because nothing had come, ``shortened`` were left out of
    pauses to catch up, ``overflowed`` were thrown away."""

    starved: int = 0
    shortened: int = 0
    overflowed: int = 0


class StreamPlayout:
    """The audio of one call on its way in. ``rate`` in Hz."""

    def __init__(self, rate: int, counts: PlayoutCounts) -> None:
        self._framer = Framer(rate)
        self._frame_length = frame_length(rate)
        self._enough = IN_HAND
        self._frames: deque[Samples] = deque()
        self._counts = counts
        self._filling = True
        self._waited = 0
        self._ample = 0

    def __len__(self) -> int:
        """Whole frames that wait."""
        return len(self._frames)

    def feed(self, samples: Samples) -> None:
        """Take what has come, a block of any length."""
        self._frames.extend(self._framer.feed(samples))
        block = min(_LONGEST_BLOCK, -(-len(samples) // self._frame_length))
        self._enough = IN_HAND + max(0, block - 1)
        excess = len(self._frames) - MOST
        for _ in range(excess):
            self._frames.popleft()
        self._counts.overflowed += max(0, excess)

    def play(self) -> Samples | None:
        """Give the frame of this tick; None where none is there (or too few to begin with)."""
        if self._filling and len(self._frames) < self._enough and self._waited < self._enough:
            # A last word that nothing follows is waited with, but not for ever.
            self._waited += 1 if self._frames else 0
            self._counts.starved += 1
            return None
        self._filling = False
        self._waited = 0
        if not self._frames:
            return self._last_piece()
        self._catch_up()
        return self._frames.popleft()

    def _last_piece(self) -> Samples | None:
        """The stream stands still: what is left of it, then nothing."""
        self._filling = True
        self._ample = 0
        rest = self._framer.flush()
        self._counts.starved += not rest
        return rest[0] if rest else None

    def _catch_up(self) -> None:
        """Leave out one quiet frame if there has been more than enough in hand for a while."""
        if len(self._frames) <= self._enough:
            self._ample = 0
            return
        self._ample += 1
        if self._ample > _PATIENCE and is_silent(self._frames[0], _QUIET_DBFS):
            self._frames.popleft()
            self._counts.shortened += 1
