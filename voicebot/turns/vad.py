"""Voice activity detection: is this 20 ms frame speech?

Three looks, cheapest first: the frame's level against the line's noise, WebRTC's detector as
a gate (3 us a frame), and Silero's network to confirm (0.1 ms for every 32 ms, run only while the
gate is open). WebRTC alone takes kitchen noise for speech, and hears speech for a while after its
end.

One detector a call, since all three remember the past. No debouncing: that is the turn-taker's.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from voicebot.media.frames import frame_length, level_dbfs
from voicebot.media.resample import StreamResampler
from voicebot.turns.silero import CHUNK, RATE, Silero
from voicebot.types import Samples

FLOOR_DBFS: Final = -55.0
"""No caller is as soft as this; line noise is."""

_NOISE_AT_FIRST_DBFS: Final = -30.0
_NOISE_LEAST_DBFS: Final = -65.0
_NOISE_RISE_DB: Final = 0.1
"""A frame, 5 dB a second."""
_LOUDEST_FALL_DB: Final = 0.05
_LEAST_DB: Final = 3.0
"""What speech must stand out from the noise."""
_PART: Final = 0.4
"""And within an utterance this part of the way from the noise to its loudest frames: it ends orders
spoken in a kitchen (15 dB) 170 ms sooner in the median than 0.3 does."""

_LEAD_IN: Final = 2 * CHUNK
"""What Silero hears from before the gate opened, so that it does not begin in mid-word."""
_LEFT: Final = 8
"""Frames that are resampled at once while the gate is shut: that takes a third of the time."""
_THRESHOLDS: Final = (0.6, 0.5)
"""Silero's probabilities at which speech begins and ends."""
_THRESHOLDS_CLEAR: Final = (0.3, 0.15)
"""The same far above the noise: without a sentence around them, Silero doubts short words."""
_CLEAR_DB: Final = 25.0

_GATE_MODE: Final = 2
_GATE_HANGOVER: Final = 3
"""Frames for which the gate stays open for Silero after WebRTC heard the last speech."""


class RelativeLevel:
    """Whether a frame stands out from the line's noise, given how loud the caller speaks.

    The noise is followed at once when it falls and slowly when it rises; while the caller speaks it
    is left as it was.
    """

    def __init__(self) -> None:
        self._noise_dbfs = _NOISE_AT_FIRST_DBFS
        self._loudest_dbfs: float | None = None

    def stands_out(self, level: float) -> bool:
        """Take the level of the next frame, in dBFS."""
        if level < self._noise_dbfs:
            self._noise_dbfs = max(level, _NOISE_LEAST_DBFS)
        if self._loudest_dbfs is None:
            self._noise_dbfs = max(self._noise_dbfs, min(level, self._noise_dbfs + _NOISE_RISE_DB))
            return level > max(FLOOR_DBFS, self._noise_dbfs + _LEAST_DB)
        self._loudest_dbfs -= _LOUDEST_FALL_DB
        range_db = self._loudest_dbfs - self._noise_dbfs
        return level > max(FLOOR_DBFS, self._noise_dbfs + max(_LEAST_DB, _PART * range_db))

    def is_clear(self, level: float) -> bool:
        """Whether nothing but the caller can be this loud on this line."""
        return level > self._noise_dbfs + _CLEAR_DB

    def hear_speech(self, level: float) -> None:
        """The frame was speech."""
        loudest = self._loudest_dbfs
        self._loudest_dbfs = level if loudest is None else max(level, loudest)

    def forget_speech(self) -> None:
        """The caller is silent; the next sound may come from farther away."""
        self._loudest_dbfs = None


class VoiceActivityDetector:
    """Says frame by frame whether the caller speaks.

    ``rate`` is 8000 or 16000 Hz.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._length = frame_length(rate)
        self._gate = webrtcvad.Vad(_GATE_MODE)
        self._silero = Silero()
        self._resampler = StreamResampler(rate, RATE, "LQ")
        self._pending: NDArray[np.int16] = np.zeros(0, np.int16)
        self._left: list[Samples] = []
        self._level = RelativeLevel()
        self._open_for = 0
        self._confirmed = False

    def feed(self, samples: Samples) -> bool:
        """Take 20 ms, int16 of shape [rate / 50]; True for speech.

        The answer for a frame comes from what was heard up to its end: speech is confirmed 20 to
        60 ms after it began.
        """
        level = level_dbfs(samples)
        # WebRTC learns the line's noise from every frame, so it must hear the silent ones too.
        heard = self._gate.is_speech(samples.tobytes(), self._rate)
        voiced = self._level.stands_out(level) and heard
        if voiced:
            self._open_for = _GATE_HANGOVER
        elif self._open_for:
            self._open_for -= 1
        if not self._open_for:
            self._leave(samples)
            return False
        self._catch_up()
        self._pending = np.concatenate((self._pending, self._resampler.feed(samples)))
        self._confirm(self._level.is_clear(level))
        speech = voiced and self._confirmed
        if speech:
            self._level.hear_speech(level)
        return speech

    def _leave(self, samples: Samples) -> None:
        """The gate is shut: Silero need not hear this, unless the gate opens at the next frame."""
        self._confirmed = False
        self._level.forget_speech()
        self._left.append(samples)
        if len(self._left) == _LEFT:
            self._catch_up()

    def _catch_up(self) -> None:
        if self._left:
            heard = self._resampler.feed(np.concatenate(self._left))
            self._left.clear()
            self._pending = np.concatenate((self._pending, heard))[-_LEAD_IN:]

    def _confirm(self, clear: bool) -> None:
        on, off = _THRESHOLDS_CLEAR if clear else _THRESHOLDS
        while len(self._pending) >= CHUNK:
            chunk, self._pending = self._pending[:CHUNK], self._pending[CHUNK:]
            probability = self._silero.probability(chunk)
            self._confirmed = probability >= (off if self._confirmed else on)
