"""Keys heard as tones: a DTMF detector for telephone audio (ITU-T Q.23, limits after Q.24).

Pure and streaming: 20 ms frames in, the same frames out with tones taken out, and each key once, at
its press. Windows of 20 ms, one every 10 ms, are fitted with one tone of the low and one of the
high group; a window counts where nearly all of its sound is those two. Speech has harmonics and
neighbours that a key has not, so the share of the two tones is what tells them apart (talk-off).

A first, coarse look at each window costs some microseconds and passes almost no speech; only what
passes is fitted finely, over the frequency error that Q.24 allows. Not done: telling how long a key
was held, and anything about dial tone or fax tones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from voicebot.media.frames import FULL_SCALE, frame_length
from voicebot.types import Samples

LOW_HZ: Final = (697.0, 770.0, 852.0, 941.0)
HIGH_HZ: Final = (1209.0, 1336.0, 1477.0, 1633.0)
LAYOUT: Final = ("123A", "456B", "789C", "*0#D")
"""The keys, a row for each low tone and a column for each high one."""

Floats = NDArray[np.float32]

_OFFSETS: Final = (-0.02, -0.01, 0.0, 0.01, 0.02)
"""Frequency errors that are fitted; Q.24 wants 1.5% accepted. Where there is noise, the tones must
be within 1% (keys of today are exact)."""
_ERRORS: Final = len(_OFFSETS)
_COARSE_SHARE: Final = 0.35
_SHARE_CLEAN: Final = 0.85
_SHARE_NOISY: Final = 0.42
"""What the two tones must have of a window's power: a key 8 dB above the noise has the first, one
as loud as the noise the second."""
_FLOOR_DBFS: Final = -45.0
"""Of each tone, RMS: -36 dBm0 is -42 dBFS."""
_TWIST: Final = (0.1, 6.3)
"""Least and most power of the high tone to the low one (-10 and +8 dB; Q.24 asks for -8 to +4)."""
_TWIST_NOISY: Final = (0.25, 4.0)
_WINDOWS_CLEAN: Final = 2
"""Two windows in a row are 30 ms of nothing but the tone: a 40 ms tone holds two wherever it lies,
a 20 ms one none or one."""
_WINDOWS_NOISY: Final = 8
"""Where there is something beside the tones, they must go on for 90 ms to be a key."""
_WINDOWS_TO_END: Final = 4
"""A pause of 40 ms spoils five windows, a break of 10 ms three at most."""
_FADED: Final = 0.5
"""A window that is partly pause has lost so much of the tones' power."""
_STEADY: Final = 4.0
"""How far two windows of one press may differ in power: 6 dB."""


@dataclass(frozen=True, slots=True)
class Listened:
    """A frame as it is to be passed on, silenced where it holds a tone; ``key`` where a press was
    recognised in it."""

    samples: Samples
    key: str | None = None


@dataclass(frozen=True, slots=True)
class _Fit:
    """The key whose tones a window holds, their power, and whether there is little else in it."""

    key: str
    power: float
    clean: bool


@dataclass(frozen=True, slots=True)
class _Bases:
    """Orthonormal pairs (cosine, sine) of the tones over one window.

    ``coarse`` has shape [16, length]: the eight nominal tones; ``fine`` [80, length]: the same with
    each frequency error. Pairs lie together, low group first.
    """

    coarse: Floats
    fine: Floats


class DtmfDetector:
    """Listens to one stream of ``rate`` Hz (8000 or 16000)."""

    def __init__(self, rate: int) -> None:
        self._length = frame_length(rate)
        self._bases = _bases(rate)
        self._floor = float(self._length * (FULL_SCALE * 10 ** (_FLOOR_DBFS / 20)) ** 2)
        self._silence = np.zeros(self._length, np.int16)
        self._silence.setflags(write=False)
        self._previous = np.zeros(self._length, np.float32)
        self._candidate = self._pressed = ""
        self._power = 0.0
        self._clean = self._steady = self._misses = 0

    def reset(self) -> None:
        """Forget the stream: what comes next is another."""
        self._previous = np.zeros(self._length, np.float32)
        self._candidate = self._pressed = ""
        self._clean = self._steady = self._misses = 0

    def feed(self, samples: Samples) -> Listened:
        """Take the next 20 ms, int16 of shape [rate / 50]."""
        frame = samples.astype(np.float32)
        previous, self._previous = self._previous, frame
        # Most frames of a call are silence or speech: one look at the whole frame settles those.
        if not self._candidate and not self._is_suspect(frame):
            return Listened(samples)
        half = self._length // 2
        straddling = np.concatenate((previous[half:], frame[:half]))
        keys = [self._count(self._fit(window)) for window in (straddling, frame)]
        toned = self._pressed or self._clean
        return Listened(self._silence if toned else samples, keys[0] or keys[1])

    def _is_suspect(self, frame: Floats) -> bool:
        total = np.dot(frame, frame)
        if total < self._floor:
            return False
        parts = self._bases.coarse @ frame
        return bool(np.dot(parts, parts) > _COARSE_SHARE * total)

    def _fit(self, window: Floats) -> _Fit | None:
        """What tones fill ``window``; None where they are those of no key."""
        total = float(np.dot(window, window))
        if total < self._floor:
            return None
        parts = self._bases.fine @ window
        parts *= parts
        powers = parts[0::2] + parts[1::2]
        half = len(powers) // 2
        row, column = int(powers[:half].argmax()), int(powers[half:].argmax())
        low, high = float(powers[row]), float(powers[half + column])
        if low + high < _SHARE_NOISY * total or min(low, high) < self._floor:
            return None
        clean = low + high >= _SHARE_CLEAN * total
        twist = _TWIST if clean else _TWIST_NOISY
        (row, low_error), (column, high_error) = divmod(row, _ERRORS), divmod(column, _ERRORS)
        exact = 0 < low_error < _ERRORS - 1 and 0 < high_error < _ERRORS - 1
        if not twist[0] <= high / low <= twist[1] or not (clean or exact):
            return None
        return _Fit(LAYOUT[row][column], low + high, clean)

    def _count(self, fit: _Fit | None) -> str | None:
        """Take what the next window holds; give the key whose press is certain with it."""
        if fit is None:
            self._miss()
            return None
        steady = self._power / _STEADY < fit.power < self._power * _STEADY
        if fit.key == self._candidate and not fit.clean and fit.power < _FADED * self._power:
            self._miss()
            return None
        if fit.key != self._candidate:
            self._pressed = ""
            steady = False
        self._steady = self._steady + 1 if steady else 1
        self._clean = (self._clean + 1 if steady else 1) if fit.clean else 0
        self._candidate, self._power, self._misses = fit.key, fit.power, 0
        if self._pressed or (self._clean < _WINDOWS_CLEAN and self._steady < _WINDOWS_NOISY):
            return None
        self._pressed = fit.key
        return fit.key

    def _miss(self) -> None:
        self._misses += 1
        self._clean = self._steady = 0
        if self._misses >= _WINDOWS_TO_END:
            self._candidate = self._pressed = ""


@cache
def _bases(rate: int) -> _Bases:
    length = frame_length(rate)
    tones = LOW_HZ + HIGH_HZ
    coarse = [pair for hertz in tones for pair in _pair(hertz, rate, length)]
    fine = [
        pair
        for hertz in tones
        for offset in _OFFSETS
        for pair in _pair(hertz * (1 + offset), rate, length)
    ]
    return _Bases(_frozen(coarse), _frozen(fine))


def _pair(hertz: float, rate: int, length: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cosine and sine about the window's middle: there the two are orthogonal."""
    phase = 2 * np.pi * hertz * (np.arange(length) - (length - 1) / 2) / rate
    cosine, sine = np.cos(phase), np.sin(phase)
    return cosine / np.linalg.norm(cosine), sine / np.linalg.norm(sine)


def _frozen(rows: list[NDArray[np.float64]]) -> Floats:
    matrix = np.asarray(rows, np.float32)
    matrix.setflags(write=False)
    return matrix
