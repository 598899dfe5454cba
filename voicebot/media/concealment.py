"""Makes up what a lost packet held: pitch-wise repetition, after ITU-T G.711 appendix I.

The last period of the voice is repeated, at full level for 20 ms, then fading to silence within
60 ms: what goes on for longer sounds like a robot, and a recogniser takes it for a vowel. Where
real audio follows, the two are cross-faded over 4 ms, so that there is no click at the seam.

Pure; for codecs without a concealment of their own.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from voicebot.types import Samples

FULL_MS: Final = 20
FADED_MS: Final = 60
_HISTORY_MS: Final = 60
_SHORTEST_PITCH_MS: Final = 2.5
_LONGEST_PITCH_MS: Final = 15
_COMPARED_MS: Final = 20
_SEAM_MS: Final = 4

Floats = NDArray[np.float32]


class Concealer:
    """Conceals the losses of one stream of ``rate`` Hz. To be told all that is played."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._history: deque[Samples] = deque()
        self._kept = 0
        self._period: Floats | None = None
        self._made_up = 0

    def reset(self) -> None:
        """Forget the past: it has nothing to do with what comes."""
        self._history.clear()
        self._kept = self._made_up = 0
        self._period = None

    @property
    def faded(self) -> bool:
        """Whether all that could be made up has been."""
        return self._made_up >= self._count(FADED_MS)

    def heard(self, samples: Samples) -> Samples:
        """Take real audio; give it back, blended with what was made up before it."""
        if self._made_up:
            samples = self._blend(samples)
            self._made_up = 0
            self._period = None
        self._history.append(samples)
        self._kept += len(samples)
        while self._kept - len(self._history[0]) >= self._count(_HISTORY_MS):
            self._kept -= len(self._history.popleft())
        return samples

    def conceal(self, length: int) -> Samples:
        """Make up ``length`` samples, int16."""
        if self._kept < self._count(_LONGEST_PITCH_MS + _COMPARED_MS):
            self._made_up += length
            return np.zeros(length, np.int16)
        made_up = self._continued(length)
        self._made_up += length
        return made_up.astype(np.int16)

    def _count(self, ms: float) -> int:
        return int(self._rate * ms / 1000)

    def _continued(self, length: int) -> Floats:
        """The voice as it would go on, fading."""
        if self._period is None:
            self._period = self._last_period()
        places = np.arange(self._made_up, self._made_up + length)
        full, faded = self._count(FULL_MS), self._count(FADED_MS)
        level = np.clip((faded - places) / (faded - full), 0, 1).astype(np.float32)
        return self._period[places % len(self._period)] * level

    def _last_period(self) -> Floats:
        past = np.concatenate(self._history).astype(np.float32)
        compared = self._count(_COMPARED_MS)
        shortest, longest = self._count(_SHORTEST_PITCH_MS), self._count(_LONGEST_PITCH_MS)
        template = past[-compared:]
        earlier = past[-compared - longest : -shortest]
        likeness = np.correlate(earlier, template, "valid")
        powers = np.convolve(earlier * earlier, np.ones(compared, np.float32), "valid")
        # The last place is the shortest pitch; of equal ones the shorter is the voice's own.
        best = int(np.argmax((likeness / np.sqrt(powers + 1.0))[::-1]))
        return past[-(shortest + best) :]

    def _blend(self, samples: Samples) -> Samples:
        length = min(self._count(_SEAM_MS), len(samples))
        if self._period is None or not length:
            return samples
        ramp = np.linspace(0, 1, length, dtype=np.float32)
        blended = samples.copy()
        blended[:length] = samples[:length] * ramp + self._continued(length) * (1 - ramp)
        return blended
