"""Music on hold: a sound played over and over, and a piece of our own to play.

The piece is arithmetic, so that nobody's licence is needed: four soft chords (C, A minor, F, G),
broken into eighth notes as on a music box, 18 seconds that run into their own beginning. Its notes
lie between 260 and 1,050 Hz, where a telephone line is at its best. A designer's own recording
(`audio/hold-music.wav`) takes its place.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from voicebot.errors import AudioError
from voicebot.media.frames import FULL_SCALE, frame_length
from voicebot.media.resample import resample
from voicebot.types import Samples

LEVEL_DBFS: Final = -26.0
"""RMS: well below a voice, so that a message over it is understood."""

LONGEST_S: Final = 600.0

_EIGHTH_S: Final = 0.28
_RING_S: Final = 1.6
_DECAY_S: Final = 0.42
_A4_HZ: Final = 440.0
_BARS: Final = (
    (60, 67, 72, 76, 79, 76, 72, 67),
    (64, 67, 72, 76, 79, 84, 79, 76),
    (60, 64, 69, 72, 76, 72, 69, 64),
    (64, 69, 72, 76, 81, 76, 72, 69),
    (60, 65, 69, 72, 77, 72, 69, 65),
    (65, 69, 72, 77, 81, 77, 72, 69),
    (62, 67, 71, 74, 79, 74, 71, 67),
    (67, 71, 74, 79, 83, 79, 74, 71),
)
"""MIDI note numbers, one an eighth."""


class LoopedSound:
    """A `FrameSource` that plays ``samples`` (int16 at ``rate`` Hz) from the beginning, for ever.

    Of an empty sound nothing is heard.
    """

    def __init__(self, samples: Samples, rate: int) -> None:
        self._samples = samples
        self._length = frame_length(rate)
        self._at = 0

    def next_frame(self, now: float) -> Samples | None:
        if not len(self._samples):
            return None
        end = self._at + self._length
        frame = self._samples[self._at : end]
        while len(frame) < self._length:
            frame = np.concatenate((frame, self._samples[: self._length - len(frame)]))
        self._at = end % len(self._samples)
        return frame


def read_piece(path: Path, rate: int) -> Samples:
    """Read a sound file (what libsndfile reads, any rate) as music at ``rate`` Hz, at our level.

    Raises AudioError that names the file when it cannot be read, is silent or too long.
    """
    try:
        about = soundfile.info(path)
        if about.duration > LONGEST_S:
            raise AudioError(str(path), f"{about.duration:.0f} s long; {LONGEST_S:.0f} is the most")
        signal, source_rate = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
        raise AudioError(str(path), f"cannot be read as audio ({error})") from error
    mono = signal.mean(axis=1)
    if not np.isfinite(mono).all() or not mono.any():
        raise AudioError(str(path), "holds nothing that could be played")
    return resample(_levelled(mono), source_rate, rate)


@cache
def own_piece(rate: int) -> Samples:
    """The piece at ``rate`` Hz, int16; its end runs into its beginning."""
    notes = [note for bar in _BARS for note in bar]
    length = round(len(notes) * _EIGHTH_S * rate)
    piece = np.zeros(length)
    for index, note in enumerate(notes):
        sound = _struck(note, rate)
        start = round(index * _EIGHTH_S * rate)
        # The last notes ring on over the first ones.
        piece[(start + np.arange(len(sound))) % length] += sound
    samples = _levelled(piece)
    samples.setflags(write=False)
    return samples


def _levelled(piece: NDArray[np.float64]) -> Samples:
    gain = FULL_SCALE * 10 ** (LEVEL_DBFS / 20) / float(np.sqrt(np.mean(piece**2)))
    return np.clip(np.rint(piece * gain), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def _struck(note: int, rate: int) -> NDArray[np.float64]:
    """One note of a music box: it dies away, its overtones first."""
    time = np.arange(round(_RING_S * rate)) / rate
    hertz = _A4_HZ * 2 ** ((note - 69) / 12)
    attack = np.minimum(1.0, time / 0.004)
    body = np.sin(2 * np.pi * hertz * time) * np.exp(-time / _DECAY_S)
    overtone = 0.25 * np.sin(4 * np.pi * hertz * time) * np.exp(-time / (0.4 * _DECAY_S))
    release = np.minimum(1.0, (_RING_S - time) / 0.05)
    sound: NDArray[np.float64] = attack * release * (body + overtone)
    return sound
