"""The voice of a caller who is not there: recorded words where there are some, else synthesis.

Debian's asterisk-core-sounds-en-wav holds human recordings at 8 kHz of digits and single words;
joined with the pauses that people make they are the nearest thing to a caller. Other words are
spoken by flite or espeak-ng where installed, and by our own voice where not.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicebot.errors import AudioError
from voicebot.media import g711
from voicebot.media.resample import resample
from voicebot.speech.audio_file import read_speech
from voicebot.types import Samples

RATE = g711.RATE
RECORDINGS = tuple(
    Path("/usr/share/asterisk/sounds") / folder
    for folder in ("en_US_f_Allison", "en-us", "en_US", "en")
)
DIGIT_GAP_MS = 150
"""Silence between two digits of a number that is read out."""

_WINDOW = RATE // 100
_MARGIN_WINDOWS = 4


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a caller says: ``audio`` is int16 at 8000 Hz, ``voice`` who speaks."""

    text: str
    audio: Samples
    voice: str

    @property
    def octets(self) -> bytes:
        """As mu-law."""
        return g711.encode(self.audio)


def utter(text: str) -> Utterance:
    """Say ``text``, in the most human voice that has its words."""
    recorded = recorded_words(text)
    if recorded is not None:
        return Utterance(text, recorded, "recorded")
    for program in ("flite", "espeak-ng"):
        if shutil.which(program):
            return Utterance(text, synthetic(text, program), program)
    from voicebot.speech.piper import PiperSynthesizer  # takes seconds and 100 MB: only if needed

    return Utterance(text, PiperSynthesizer().synthesize(text, RATE), "piper")


def recorded_words(text: str, gap_ms: int = DIGIT_GAP_MS) -> Samples | None:
    """Join the recordings of the words and digits in ``text``; None when one is missing."""
    words = [part for word in text.lower().split() for part in (word if word.isdigit() else [word])]
    clips = [recording(f"digits/{word}" if word.isdigit() else word) for word in words]
    found = [clip for clip in clips if clip is not None]
    return joined(found, gap_ms) if found and len(found) == len(clips) else None


def recording(name: str) -> Samples | None:
    """One recording without the silence around it, such as ``digits/4`` or ``goodbye``."""
    for folder in RECORDINGS:
        file = (folder / name).with_suffix(".wav")
        if file.is_file() and file.is_relative_to(folder):
            samples, rate = read_speech(file)
            return trimmed(resample(samples, rate, RATE))
    return None


def joined(clips: list[Samples], gap_ms: int) -> Samples:
    """Clips one after the other with ``gap_ms`` of silence between them."""
    gap = np.zeros(RATE * gap_ms // 1000, np.int16)
    parts = [part for clip in clips for part in (gap, clip)]
    return np.concatenate(parts[1:]) if parts else np.zeros(0, np.int16)


def trimmed(samples: Samples) -> Samples:
    """Cut silence off both ends: what is 36 dB below the loudest 10 ms, but for 40 ms."""
    windows = samples[: len(samples) // _WINDOW * _WINDOW].reshape(-1, _WINDOW).astype(np.float32)
    power = (windows**2).mean(axis=1)
    loud = np.flatnonzero(power > power.max(initial=0.0) / 4000)
    if not len(loud):
        return samples
    first = max(0, int(loud[0]) - _MARGIN_WINDOWS)
    last = min(len(windows), int(loud[-1]) + 1 + _MARGIN_WINDOWS)
    return samples[first * _WINDOW : last * _WINDOW]


def synthetic(text: str, program: str, voice: str = "") -> Samples:
    """Speak with ``flite`` or ``espeak-ng``, in one of its voices or in American English.

    Raises AudioError when the program fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        commands = {
            "flite": ["flite", "-voice", voice or "slt", "-t", text, "-o", str(file)],
            "espeak-ng": [
                "espeak-ng",
                *("-v", voice or "en-us", "-s", "150"),
                *("-w", str(file), "--", text),
            ],
        }
        try:
            subprocess.run(commands[program], check=True, capture_output=True, timeout=30)
        except (OSError, subprocess.SubprocessError) as error:
            raise AudioError(program, f"could not speak: {type(error).__name__}") from None
        samples, rate = _read_any_rate(file)
        return trimmed(resample(samples, rate, RATE))


def _read_any_rate(file: Path) -> tuple[Samples, int]:
    """espeak-ng writes 22.05 kHz, which `read_speech` refuses on purpose."""
    import soundfile

    samples, rate = soundfile.read(file, dtype="int16", always_2d=True)
    mono: Samples = samples[:, 0]
    return mono, int(rate)
