"""Sounds made by arithmetic: call-progress tones, a beep, comfort noise.

Call-progress tones follow ITU-T E.180 with the North American precise tone plan (frequencies and
cadences of ringback, busy, reorder). Music on hold is a recording, not a tone, and has no place
here. Keys heard as tones are found by `dtmf_detector`; `key_tones` are those that we send.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from voicebot.media.frames import FULL_SCALE
from voicebot.types import Samples

_EDGE_S: Final = 0.005
"""Fade at both ends of a tone, so that it does not click."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A cadence: ``frequencies_hz`` together for ``on_s``, then silence for ``off_s``.

    ``level_dbfs`` is the level of all frequencies together.
    """

    frequencies_hz: tuple[float, ...]
    on_s: float
    off_s: float
    level_dbfs: float = -20.0


RINGBACK: Final = Tone((440.0, 480.0), 2.0, 4.0)
BUSY: Final = Tone((480.0, 620.0), 0.5, 0.5)
REORDER: Final = Tone((480.0, 620.0), 0.25, 0.25)
BEEP: Final = Tone((1000.0,), 0.2, 0.0)


def render(tone: Tone, rate: int, seconds: float | None = None) -> Samples:
    """Render one cadence of ``tone`` at ``rate`` Hz, or as many as fill ``seconds``.

    Int16, shape [round(rate * seconds)].
    """
    on, off = round(tone.on_s * rate), round(tone.off_s * rate)
    time = np.arange(on) / rate
    wave = sum((np.sin(2 * np.pi * hertz * time) for hertz in tone.frequencies_hz), np.zeros(on))
    # A sine's RMS is 3 dB below its peak; n sines add up in power.
    peak = FULL_SCALE * 10 ** (tone.level_dbfs / 20) * np.sqrt(2 / len(tone.frequencies_hz))
    cadence = np.zeros(on + off, np.int16)
    cadence[:on] = np.rint(_faded(wave * peak, rate))
    if seconds is None:
        return cadence
    return np.resize(cadence, round(seconds * rate))


def comfort_noise(rate: int, seconds: float, level_dbfs: float = -62.0, seed: int = 0) -> Samples:
    """Soft noise that says 'the line is alive' (RFC 3389 speaks of its level in -dBov).

    The same ``seed`` gives the same noise.
    """
    noise = np.random.default_rng(seed).standard_normal(round(rate * seconds))
    scaled = np.rint(noise * FULL_SCALE * 10 ** (level_dbfs / 20))
    return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def _faded(wave: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    edge = min(round(_EDGE_S * rate), len(wave) // 2)
    if edge:
        ramp = np.linspace(0.0, 1.0, edge, endpoint=False)
        wave[:edge] *= ramp
        wave[-edge:] *= ramp[::-1]
    return wave
