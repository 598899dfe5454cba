"""Sample-rate conversion by libsoxr: whole recordings at once, or a stream block by block.

Mono int16 in and out. soxr dithers 16-bit output, which would make silence noisy and results
differ from run to run; conversion therefore runs in float32 and is rounded here.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

from voicebot.types import Samples

Quality: TypeAlias = Literal["HQ", "MQ", "LQ", "QQ"]
"""soxr's recipes. HQ for what is recognised or stored, LQ where only a detector listens."""

_LOW: Final = -32768
_HIGH: Final = 32767


def resample(samples: Samples, rate: int, to_rate: int, quality: Quality = "HQ") -> Samples:
    """Convert a whole recording from ``rate`` to ``to_rate`` Hz.

    Gives int16 of shape [round(len * to_rate / rate)], clipped at full scale; ``samples`` itself
    where the rates are equal.
    """
    if rate == to_rate or not len(samples):
        return samples
    converted = soxr.resample(samples.astype(np.float32), rate, to_rate, quality=quality)
    return _to_int16(converted)


class StreamResampler:
    """Converts a stream; block lengths are free, and the output lags the input by a few ms.

    Where the rates are equal blocks pass unchanged.
    """

    def __init__(self, rate: int, to_rate: int, quality: Quality = "HQ") -> None:
        self._stream = (
            None
            if rate == to_rate
            else soxr.ResampleStream(rate, to_rate, 1, dtype="float32", quality=quality)
        )

    def feed(self, samples: Samples) -> Samples:
        """Give what can be converted so far; may be empty at the beginning of a stream."""
        if self._stream is None:
            return samples
        return _to_int16(self._stream.resample_chunk(samples.astype(np.float32)))

    def finish(self) -> Samples:
        """Give what is left; nothing may be fed afterwards until `reset`."""
        if self._stream is None:
            return np.zeros(0, np.int16)
        return _to_int16(self._stream.resample_chunk(np.zeros(0, np.float32), last=True))

    def reset(self) -> None:
        """Forget the past: the next block begins a new stream."""
        if self._stream is not None:
            self._stream.clear()


def _to_int16(converted: NDArray[np.float32]) -> Samples:
    return np.clip(np.rint(converted), _LOW, _HIGH).astype(np.int16)
