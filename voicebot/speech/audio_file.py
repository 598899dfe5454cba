"""Reads recorded speech from files: any number of channels, 8 or 16 kHz, wav, flac and the like.

What libsndfile reads is read; other sample rates are refused rather than converted, because a file
at 44.1 kHz among telephone recordings is more likely a mistake than a wish.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile

from voicebot.errors import AudioError
from voicebot.media import g711
from voicebot.media.resample import resample
from voicebot.types import Samples

RATES: Final = (8000, 16_000)
MAX_SECONDS: Final = 3600
_FLOATING: Final = ("FLOAT", "DOUBLE")


def read_speech(path: Path, *, telephone: bool = False) -> tuple[Samples, int]:
    """Give the file's samples (int16, channels mixed to one) and their rate, 8000 or 16000 Hz.

    ``telephone`` takes the audio through an 8 kHz mu-law line first. Raises AudioError for a file
    that cannot be read, is empty, longer than an hour, sampled at another rate, or holds NaN.
    """
    samples, rate = _read(path)
    if rate not in RATES:
        raise AudioError(str(path), f"sampled at {rate} Hz; convert it to 8000 or 16000 Hz")
    if not len(samples):
        raise AudioError(str(path), "holds no audio")
    if telephone:
        return g711.pass_through(resample(samples, rate, g711.RATE)), g711.RATE
    return samples, rate


def _read(path: Path) -> tuple[Samples, int]:
    if not path.exists():
        raise AudioError(str(path), "no such file")
    if not path.is_file():
        raise AudioError(str(path), "not a file")
    try:
        with soundfile.SoundFile(path) as file:
            rate = int(file.samplerate)
            if file.frames > MAX_SECONDS * rate:
                raise AudioError(str(path), f"longer than {MAX_SECONDS} s; cut it up first")
            channels = _samples(file, path)
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        raise AudioError(str(path), f"cannot be read as audio ({error})") from None
    return np.rint(channels.mean(axis=1)).astype(np.int16), rate


def _samples(file: Any, path: Path) -> Samples:
    """All frames as int16, shape [frames, channels]."""
    if file.subtype not in _FLOATING:
        whole: Samples = file.read(dtype="int16", always_2d=True)
        return whole
    numbers = file.read(dtype="float32", always_2d=True)
    if not np.isfinite(numbers).all():
        raise AudioError(str(path), "holds samples that are no numbers (NaN or infinity)")
    scaled: Samples = np.rint(np.clip(numbers, -1, 1) * 32_767).astype(np.int16)
    return scaled
