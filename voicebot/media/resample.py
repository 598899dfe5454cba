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


class FrameResampler:
    """Converts a stream of 20 ms frames between 8 and 16 kHz, a frame out for each frame in.

    soxr's streams lag by 50 to 100 ms; a call in which one side changes to another band cannot wait
    so long. A half-band filter of 49 taps lags by 1.5 ms and passes what a telephone passes.
    """

    def __init__(self, rate: int, to_rate: int) -> None:
        if {rate, to_rate} - {8000, 16_000}:
            raise ValueError("frames are converted between 8000 and 16000 Hz only")
        self._step = rate - to_rate
        self._past = np.zeros(len(_HALF_BAND) - 1, np.float32)

    @property
    def converts(self) -> bool:
        """Whether frames come out other than they went in."""
        return self._step != 0

    def feed(self, samples: Samples) -> Samples:
        """Take int16 of shape [rate / 50], give it of shape [to_rate / 50]."""
        if not self._step:
            return samples
        if self._step < 0:
            wide = np.zeros(2 * len(samples), np.float32)
            wide[::2] = samples
            wide *= 2
        else:
            wide = samples.astype(np.float32)
        wide = np.concatenate((self._past, wide))
        self._past = wide[len(wide) - len(self._past) :]
        filtered = np.convolve(wide, _HALF_BAND, "valid")
        return _to_int16(filtered if self._step < 0 else filtered[::2])


def _half_band(taps: int = 49) -> NDArray[np.float32]:
    places = np.arange(taps) - taps // 2
    ideal = np.sinc(places / 2 * 0.98) * np.kaiser(taps, 7.0)
    filter_: NDArray[np.float32] = (ideal / ideal.sum()).astype(np.float32)
    return filter_


_HALF_BAND: Final = _half_band()


def _to_int16(converted: NDArray[np.float32]) -> Samples:
    """Round and clip, in place: `np.clip` takes longer than the rest together."""
    np.rint(converted, out=converted)
    np.maximum(converted, _LOW, out=converted)
    np.minimum(converted, _HIGH, out=converted)
    return converted.astype(np.int16)
