"""Brings synthesised and recorded speech to one level and trims it for the telephone. Pure.

Active speech is brought to `TARGET_DBFS` (ITU-T P.56 calls this the active speech level; here the
simpler measure: RMS over the 20 ms blocks within 30 dB of the loudest one), the peak kept under
`PEAK_DBFS`, silence before and after cut, and the ends faded so that nothing clicks. Leaves out
on purpose: compression and filtering; the codec does enough to the sound.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

from voicebot.types import Samples

TARGET_DBFS = -20.0
PEAK_DBFS = -1.0
LEAD_MS = 20
"""Kept before the first sound. Short, because it is time the caller waits."""
TAIL_MS = 60
"""Kept after the last sound, so that a voice may die away."""

_BLOCK_MS = 20
_ACTIVE_RANGE_DB = 30.0
_EDGE_BLOCK_MS = 5
_EDGE_RANGE_DB = 38.0
_FADE_MS = 5
_SILENCE_DBFS = -60.0

Signal: TypeAlias = NDArray[np.floating]
"""Mono, full scale 1.0, shape [samples]."""

SILENCE: Signal = np.zeros(0, dtype=np.float32)


def finish(signal: Signal, rate: int, wanted_rate: int) -> Samples:
    """Resample, trim, level and fade one utterance.

    ``signal`` is mono float, shape [samples], at ``rate`` Hz. Gives int16 at ``wanted_rate`` with
    at most `LEAD_MS` before and `TAIL_MS` after the sound; empty where there is no sound at all.
    """
    if rate != wanted_rate:
        signal = soxr.resample(signal, rate, wanted_rate, quality="HQ")
    signal = trim(signal, wanted_rate)
    if not len(signal):
        return np.zeros(0, dtype=np.int16)
    signal = _fade(signal * _gain(signal, wanted_rate), wanted_rate)
    samples: Samples = np.rint(signal * 32767.0).astype(np.int16)
    return samples


def speech_level_dbfs(signal: Signal, rate: int) -> float:
    """RMS level of the active blocks in dB below full scale; -inf for silence."""
    power = _block_power(signal, rate * _BLOCK_MS // 1000)
    if not len(power) or power.max() <= 0:
        return float("-inf")
    active = power[power >= power.max() * 10 ** (-_ACTIVE_RANGE_DB / 10)]
    return float(10 * np.log10(active.mean()))


def trim(signal: Signal, rate: int) -> Signal:
    """Cut the silence at both ends down to `LEAD_MS` and `TAIL_MS`."""
    block = max(1, rate * _EDGE_BLOCK_MS // 1000)
    power = _block_power(signal, block)
    level = speech_level_dbfs(signal, rate)
    threshold = max(level - _EDGE_RANGE_DB, _SILENCE_DBFS)
    loud = np.flatnonzero(power > 10 ** (threshold / 10))
    if not len(loud):
        return signal[:0]
    start = max(0, int(loud[0]) * block - rate * LEAD_MS // 1000)
    end = (int(loud[-1]) + 1) * block + rate * TAIL_MS // 1000
    return signal[start:end]


def _block_power(signal: Signal, block: int) -> NDArray[np.float64]:
    """Mean power of each block; the last, shorter one is padded with zeros."""
    padded = np.zeros(-(-len(signal) // block) * block)
    padded[: len(signal)] = signal
    power: NDArray[np.float64] = np.square(padded).reshape(-1, block).mean(axis=1)
    return power


def _gain(signal: Signal, rate: int) -> float:
    wanted = float(10 ** ((TARGET_DBFS - speech_level_dbfs(signal, rate)) / 20))
    allowed = float(10 ** (PEAK_DBFS / 20) / np.abs(signal).max())
    return min(wanted, allowed)


def _fade(signal: Signal, rate: int) -> Signal:
    length = min(rate * _FADE_MS // 1000, len(signal) // 2)
    ramp = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, length, dtype=np.float32))
    faded = signal.copy()
    faded[:length] *= ramp
    faded[len(faded) - length :] *= ramp[::-1]
    return faded
