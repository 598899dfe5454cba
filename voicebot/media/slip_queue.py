"""A queue of one or two frames between two clocks that nearly agree.

One door puts a frame in every 20 ms of its clock, another takes one out every 20 ms of its own. The
queue is as short as the jitter between the two allows and adapts by itself: when it runs dry a
frame is made up (the last one, faded out), and the late one then stays in hand; when there was one
too many in hand all the time, it is taken out again, in a silence if one comes soon and by a
crossfade if none does. What was made up and what was taken out is counted.

Pure: no clock, no rate. Network jitter is not its work; the doors' playout has dealt with it.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from voicebot.media.frames import is_silent
from voicebot.media.mixer import crossfade, fade_out
from voicebot.types import Samples

MOST_FRAMES: Final = 3
WINDOW_FRAMES: Final = 50
"""Takes over which the least depth is looked for: one second."""
PATIENCE_FRAMES: Final = 100
"""Takes that a surplus frame may wait for a silence before it is cut out of speech."""


class SlipQueue:
    """Holds at most ``most`` frames, all of one length. ``inserted`` counts frames that were made
    up, ``dropped`` those that were taken out."""

    def __init__(self, most: int = MOST_FRAMES) -> None:
        self._most = most
        self._frames: deque[Samples] = deque()
        self._last: Samples | None = None
        self._least = most
        self._taken = 0
        self._surplus_for = -1
        self.inserted = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: Samples) -> None:
        """Take a frame in; in a full queue the two oldest become one."""
        if len(self._frames) >= self._most:
            self._merge()
        self._frames.append(frame)

    def take(self) -> Samples | None:
        """Give the next frame, None where nothing has come for longer than one frame."""
        self._look_for_surplus()
        if not self._frames:
            # One frame is made up; where the source has stopped, silence follows it.
            last, self._last = self._last, None
            if last is None:
                return None
            self.inserted += 1
            return fade_out(last)
        self._last = self._frames.popleft()
        return self._last

    def _look_for_surplus(self) -> None:
        depth = len(self._frames)
        self._least = min(self._least, depth)
        self._taken += 1
        if self._taken >= WINDOW_FRAMES:
            if self._surplus_for < 0 and self._least >= 2:
                self._surplus_for = 0
            self._taken, self._least = 0, self._most
        if self._surplus_for < 0:
            return
        self._surplus_for += 1
        if depth < 2:
            self._surplus_for = -1
        elif is_silent(self._frames[0]):
            self._frames.popleft()
            self.dropped += 1
            self._surplus_for = -1
        elif self._surplus_for > PATIENCE_FRAMES:
            self._merge()
            self._surplus_for = -1

    def _merge(self) -> None:
        first, second = self._frames.popleft(), self._frames.popleft()
        self._frames.appendleft(crossfade(first, second))
        self.dropped += 1
