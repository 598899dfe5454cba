"""Whole-number reduction of the sample rate, with 2 ms of delay.

soxr's streams (`resample`) give their output in heaps: 16 to 8 kHz comes up to 115 ms late, too
late for a conversation. For 16, 24, 32, 48, ... kHz to 8 a plain filter does: a sinc in a Kaiser
window, linear in phase, flat to 3.5 kHz within 0.1 dB and more than 50 dB down from 4.5 kHz on.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from voicebot.types import Samples

_REACH: Final = 16
"""Output samples on each side that a sample is made of."""
_BETA: Final = 5.0


class Decimator:
    """Keeps every ``factor``-th sample of a stream, low-passed; block lengths are free."""

    def __init__(self, factor: int) -> None:
        self._factor = factor
        self._taps = _taps(factor)
        self._rest = np.zeros(len(self._taps) - 1, np.float32)

    def feed(self, samples: Samples) -> Samples:
        """Give int16 of as many samples as can be made; what is left over waits for more."""
        block = np.concatenate((self._rest, samples.astype(np.float32)))
        if len(block) < len(self._taps):
            self._rest = block
            return np.zeros(0, np.int16)
        made: NDArray[np.float32] = (
            sliding_window_view(block, len(self._taps))[:: self._factor] @ self._taps
        )
        self._rest = block[len(made) * self._factor :]
        whole: Samples = np.clip(np.rint(made), -32768, 32767).astype(np.int16)
        return whole


@cache
def _taps(factor: int) -> NDArray[np.float32]:
    places = np.arange(-_REACH * factor, _REACH * factor + 1) / factor
    taps = np.sinc(places) * np.kaiser(len(places), _BETA)
    scaled: NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    scaled.setflags(write=False)
    return scaled
