"""Who answered a call of ours: a person or an answering machine, told from the first seconds.

Pure: frames in, with a voice detector's word on each; no clock but the count of frames. A person
says 'hello?' and waits. A machine speaks on, and then beeps. So: a short greeting followed by
silence is a person; a long one, or a beep after speech, is a machine; silence is nobody knows.
After 'machine' the greeting is followed to its beep, so that a message can be left.

It errs: people who answer with their firm's whole name pass for machines, machines with 'not here'
for people. What is left out on purpose: recognising the words, and tones of the network before the
answer (busy, reorder), which the SIP status tells better.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from voicebot.types import Samples

FRAME_S: Final = 0.020


class AnsweredBy(StrEnum):
    """Who answered."""

    PERSON = "person"
    MACHINE = "machine"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ScreeningPolicy:
    """``longest_s``       when to stop wondering, counted from the answer
    ``greeting_s``      speech of a person's greeting at the most; longer is a machine
    ``pause_s``         silence after a greeting that means it is our turn
    ``beep_timeout_s``  longest wait for a machine's beep
    ``no_beep_s``       silence after a machine's greeting when there is no beep to come
    """

    longest_s: float = 4.0
    greeting_s: float = 2.2
    pause_s: float = 0.8
    beep_timeout_s: float = 30.0
    no_beep_s: float = 3.0


class BeepFinder:
    """Finds one steady tone of 400 to 2000 Hz that lasts 200 ms or more.

    40 ms at a time: nearly all power in one peak that stays where it is. Keys (two tones) and
    vowels (many harmonics, gliding) are not that.
    """

    LOWEST_HZ: Final = 400.0
    HIGHEST_HZ: Final = 2000.0
    LEAST_FRAMES: Final = 9
    """Windows of 40 ms, one every 20 ms, that lie within 200 ms."""
    _PURITY: Final = 0.85
    _LEAST_RMS: Final = 200.0
    _DRIFT_HZ: Final = 40.0

    def __init__(self, sample_rate: int) -> None:
        self._length = round(sample_rate * FRAME_S)
        self._last: Samples = np.zeros(self._length, np.int16)
        self._window = np.hanning(2 * self._length)
        self._hertz = np.fft.rfftfreq(2 * self._length, 1 / sample_rate)
        self._at_hz = 0.0
        self._frames = 0

    @property
    def found(self) -> bool:
        """Whether the tone has lasted long enough."""
        return self._frames >= self.LEAST_FRAMES

    def is_tone(self, samples: Samples) -> bool:
        """Take the next 20 ms; whether they belong to a steady tone, however short so far."""
        both = np.concatenate([self._last, samples]).astype(np.float64)
        self._last = samples
        pitch = self._pitch(both)
        steady = pitch is not None and (
            self._frames == 0 or abs(pitch - self._at_hz) <= self._DRIFT_HZ
        )
        self._frames = self._frames + 1 if steady else int(pitch is not None)
        self._at_hz = pitch or 0.0
        return pitch is not None

    def _pitch(self, samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float | None:
        if np.sqrt(np.mean(samples**2)) < self._LEAST_RMS:
            return None
        power = np.abs(np.fft.rfft(samples * self._window)) ** 2
        peak = int(np.argmax(power))
        pure = power[max(0, peak - 2) : peak + 3].sum() >= self._PURITY * power.sum()
        hertz = float(self._hertz[peak])
        return hertz if pure and self.LOWEST_HZ <= hertz <= self.HIGHEST_HZ else None


class Screening:
    """Listens to the beginning of one call. Feed it every 20 ms until `over`."""

    def __init__(self, sample_rate: int, policy: ScreeningPolicy | None = None) -> None:
        self._policy = policy or ScreeningPolicy()
        self._beep = BeepFinder(sample_rate)
        self._frames = 0
        self._speech = 0
        self._silence = 0
        self._machine_since: int | None = None
        self._beeped = False
        self.answered_by: AnsweredBy | None = None
        """Who it is, as soon as that is known."""
        self.over = False
        """Whether it is our turn to speak."""

    def take(self, samples: Samples, is_speech: bool) -> None:
        """Take the next 20 ms at the line's rate, and whether a voice is in them."""
        if self.over:
            return
        self._frames += 1
        tone = self._beep.is_tone(samples)
        if is_speech and not tone:
            self._speech += 1
            self._silence = 0
        else:
            self._silence += 1
        if self.answered_by is AnsweredBy.MACHINE:
            self._wait_for_beep(tone)
        else:
            self._wonder()

    def _wonder(self) -> None:
        policy = self._policy
        if self._speech and self._beep.found:
            self._beeped = True
            self._decide(AnsweredBy.MACHINE)
        elif self._speech * FRAME_S > policy.greeting_s:
            self._decide(AnsweredBy.MACHINE)
        elif self._speech and self._silence * FRAME_S >= policy.pause_s and not self._beep.found:
            self._decide(AnsweredBy.PERSON)
        elif self._frames * FRAME_S >= policy.longest_s and not self._is_speaking:
            self._decide(AnsweredBy.UNKNOWN)

    @property
    def _is_speaking(self) -> bool:
        return bool(self._speech) and self._silence * FRAME_S < self._policy.pause_s

    def _wait_for_beep(self, tone: bool) -> None:
        """Our turn is when the beep ends, when none comes, or when it has taken too long."""
        assert self._machine_since is not None
        waited = (self._frames - self._machine_since) * FRAME_S
        self._beeped = self._beeped or self._beep.found
        beep_over = self._beeped and not tone
        no_beep = not self._beeped and self._silence * FRAME_S >= self._policy.no_beep_s
        self.over = beep_over or no_beep or waited >= self._policy.beep_timeout_s

    def _decide(self, answer: AnsweredBy) -> None:
        self.answered_by = answer
        if answer is AnsweredBy.MACHINE:
            self._machine_since = self._frames
        else:
            self.over = True
