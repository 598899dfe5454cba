"""Test recordings as a telephone brings them: read, joined, made noisy, damaged."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray

from voicebot.media import g711
from voicebot.media.resample import resample
from voicebot.speech.audio_file import read_speech
from voicebot.types import Samples

ALLISON: Final = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
RATE: Final = g711.RATE

_Wide: TypeAlias = NDArray[np.float64]
_VOICES: Final = (
    *(("flite", name) for name in ("kal", "slt", "rms", "awb")),
    *(("espeak-ng", name) for name in ("en-us", "en-us+m3", "en-us+m7", "en-us+f2", "en-us+f4")),
    ("espeak-ng", "en-gb"),
)
_FRAME: Final = 2048
_PACKET: Final = RATE // 50


def voices(text: str) -> Iterator[Samples]:
    """``text`` in ten synthetic voices, as it comes out of the line, with silence around it.

    Raises FileNotFoundError where flite or espeak-ng is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        for program, *options in _VOICES:
            command = {
                "flite": ["flite", "-voice", *options, "-t", text, "-o", str(file)],
                "espeak-ng": ["espeak-ng", "-v", *options, "-s", "150", "-w", str(file), text],
            }[program]
            subprocess.run(command, check=True, capture_output=True)
            samples, rate = soundfile.read(file, dtype="int16")
            yield np.concatenate([pause(0.2), line(samples, rate), pause(0.3)])


def line(samples: Samples, rate: int = RATE) -> Samples:
    """Pass ``samples`` through an 8 kHz mu-law line."""
    return g711.pass_through(resample(samples, rate, RATE))


def read(file: Path) -> Samples:
    """A recording as it comes out of the line."""
    return line(*read_speech(file))


def mix(speech: Samples, noise: Samples, snr_db: float, chance: np.random.Generator) -> Samples:
    """Add a random cut of ``noise``, both at one rate, as Picovoice's benchmark does: by the
    energies of the loudest 2,048 samples of each. Made softer where the sum does not fit."""
    start = int(chance.integers(0, len(noise) - len(speech)))
    cut = noise[start : start + len(speech)].astype(np.float64)
    wide = speech.astype(np.float64)
    gain = np.sqrt(_loudest(wide) / (_loudest(cut) * 10 ** (snr_db / 10)))
    return fitted(wide + cut * gain)


def _loudest(samples: _Wide) -> float:
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    return float((frames**2).sum(axis=1).max())


def fitted(samples: _Wide) -> Samples:
    """As 16-bit numbers, scaled down where it would overflow."""
    peak = float(np.abs(samples).max())
    return np.rint(samples * min(1.0, 32_767 / max(peak, 1.0))).astype(np.int16)


def at_level(samples: Samples, dbfs: float) -> Samples:
    """Scale so that the loudest tenth of a second has this RMS; clipped where it overflows."""
    wide = samples.astype(np.float64)
    frames = wide[: len(wide) // (RATE // 10) * (RATE // 10)].reshape(-1, RATE // 10)
    rms = float(np.sqrt((frames**2).mean(axis=1).max()))
    scaled = wide * (32_768 * 10 ** (dbfs / 20) / max(rms, 1.0))
    return np.clip(np.rint(scaled), -32_768, 32_767).astype(np.int16)


def shifted(samples: Samples) -> Samples:
    """With a DC offset of 5% of full scale."""
    return np.clip(samples.astype(np.int32) + 1638, -32_768, 32_767).astype(np.int16)


def hummed(samples: Samples, dbfs: float = -35.0) -> Samples:
    """With mains hum: 50 Hz and its first overtones."""
    times = np.arange(len(samples)) / RATE
    hum = sum(np.sin(2 * np.pi * 50 * n * times) / n for n in (1, 2, 3))
    return fitted(samples + 32_768 * 10 ** (dbfs / 20) * np.asarray(hum))


def hissed(samples: Samples, chance: np.random.Generator, dbfs: float = -50.0) -> Samples:
    """With white noise, as a far end's comfort noise."""
    return fitted(samples + chance.normal(0, 32_768 * 10 ** (dbfs / 20), len(samples)))


def with_gaps(samples: Samples, share: float, chance: np.random.Generator) -> Samples:
    """With ``share`` of the 20 ms packets lost and silent in their place."""
    kept = samples.copy()
    for start in range(0, len(kept), _PACKET):
        if chance.random() < share:
            kept[start : start + _PACKET] = 0
    return kept


def without_silence(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 300)
    return samples[loud[0] : loud[-1] + 1]


def pause(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.int16)
