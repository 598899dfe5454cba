"""What a test's caller says: human recordings, other synthesisers' voices, silence and noise.

All of it is int16 at 8000 Hz (`Samples`) until `mulaw` makes octets of it, which a SIP caller plays
and sipp's rtp_stream reads from a file. The recordings are those of Debian's
asterisk-core-sounds-en-wav; a test that needs one is marked with `needs_recordings`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from voicebot.cli.caller_voice import (
    DIGIT_GAP_MS,
    RATE,
    RECORDINGS,
    joined,
    recorded_words,
    recording,
    synthetic,
)
from voicebot.media import g711
from voicebot.types import Samples

needs_recordings = pytest.mark.skipif(
    not any((folder / "digits" / "4.wav").is_file() for folder in RECORDINGS),
    reason="the human recordings are not installed (Debian: asterisk-core-sounds-en-wav)",
)
needs_flite = pytest.mark.skipif(
    shutil.which("flite") is None, reason="flite is not installed (Debian: flite)"
)
needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed (Debian: espeak-ng)"
)


def digits(number: str, gap_ms: int = DIGIT_GAP_MS) -> Samples:
    """A human reads ``number`` digit by digit, with ``gap_ms`` between two."""
    return said(" ".join(number), gap_ms)


def said(words: str, gap_ms: int = DIGIT_GAP_MS) -> Samples:
    """A human says recorded words: 'hours', 'goodbye', 'number', 'transfer', digits."""
    samples = recorded_words(words, gap_ms)
    assert samples is not None, f"no recording of one of: {words}"
    return samples


def clip(name: str) -> Samples:
    """One whole recording by its file's name, such as ``vm-goodbye`` or ``tt-monkeys``."""
    samples = recording(name)
    assert samples is not None, f"no recording {name}"
    return samples


def flite(text: str) -> Samples:
    """flite's female voice says ``text``."""
    return synthetic(text, "flite")


def espeak(text: str) -> Samples:
    """espeak-ng's male voice says ``text``."""
    return synthetic(text, "espeak-ng")


def silence(ms: int) -> Samples:
    return np.zeros(RATE * ms // 1000, np.int16)


def noise(ms: int, dbfs: float = -40.0, seed: int = 1) -> Samples:
    """White noise at an RMS of ``dbfs`` against full scale, the same for the same seed."""
    wanted = 32768 * 10 ** (dbfs / 20)
    values = np.random.default_rng(seed).normal(0.0, wanted, RATE * ms // 1000)
    return np.clip(np.rint(values), -32768, 32767).astype(np.int16)


def with_noise(samples: Samples, dbfs: float, seed: int = 1) -> Samples:
    """``samples`` with white noise of ``dbfs`` over them."""
    rushing = noise(len(samples) * 1000 // RATE + 1, dbfs, seed)[: len(samples)]
    mixed = np.clip(samples.astype(np.int32) + rushing, -32768, 32767)
    noisy: Samples = mixed.astype(np.int16)
    return noisy


def sequence(*parts: Samples) -> Samples:
    """Parts one after the other."""
    return joined(list(parts), 0)


def mulaw(samples: Samples) -> bytes:
    """As G.711 mu-law octets, one a sample."""
    return g711.encode(samples)


def write_ulaw(file: Path, samples: Samples) -> Path:
    """Write raw mu-law for sipp's ``rtp_stream`` action; give the file."""
    file.write_bytes(mulaw(samples))
    return file
