"""How long packets must be held back, from how unevenly they came of late.

Pure; after the delay estimators of adaptive jitter buffers. A packet's lateness is how much longer
it took than the fastest of the last five seconds, so neither the clocks' difference nor their drift
matters. The target covers nearly all of them and follows within half a second.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

_WINDOW: Final = 250
"""Packets that are remembered: five seconds of 20 ms."""
_EVERY: Final = 10
_COVERED: Final = 0.98
"""Of the packets; the rest come late and are waited for or concealed."""
_MARGIN_S: Final = 0.005
LEAST_S: Final = 0.015
"""The event loop itself is a few milliseconds late when calls are many."""
MOST_S: Final = 0.240
"""A conversation suffers from more than it gains."""


class DelayEstimate:
    """Of one stream. Times in seconds."""

    def __init__(self) -> None:
        self._transits: deque[float] = deque(maxlen=_WINDOW)
        self._count = 0
        self.base = 0.0
        """The fastest transit: arrival less the time that the timestamp says."""
        self.target = LEAST_S
        """How long after the fastest transit a packet should be played."""

    def reset(self) -> None:
        """Another stream: nothing is known of it."""
        self._transits.clear()
        self._count = 0
        self.target = LEAST_S

    def arrived(self, transit: float) -> None:
        """Take a packet's arrival less its timestamp, both in seconds."""
        first = not self._transits
        self._transits.append(transit)
        self._count += 1
        if first or transit < self.base:
            self.base = transit
        if self._count <= _EVERY or self._count % _EVERY == 0:
            self._estimate()

    def _estimate(self) -> None:
        transits = np.fromiter(self._transits, np.float64, len(self._transits))
        self.base = float(transits.min())
        place = min(len(transits) - 1, int(_COVERED * len(transits)))
        lateness = float(np.partition(transits, place)[place]) - self.base
        self.target = min(MOST_S, max(LEAST_S, lateness + _MARGIN_S))
