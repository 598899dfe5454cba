"""Makes stretches of a finished recording silent: what was said there turned out to be a secret.

WAV is changed in place. Ogg cannot be: the file is written anew beside the old one, which it then
replaces. Blocks, for a fiftieth of the recording's length or less.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import soundfile

from voicebot.errors import AudioError
from voicebot.media.sound_writer import SUFFIXES, open_sound
from voicebot.media.stereo import StereoSamples

PART: Final = ".part"
"""Ends the name of a file that is being written anew."""
_BLOCK_S: Final = 10

Stretch: TypeAlias = tuple[float, float]
"""From when to when, in seconds of the recording."""


def mute_stretches(path: Path, stretches: Sequence[Stretch]) -> None:
    """Put silence on both sides of ``path`` in all ``stretches``. Raises AudioError where that
    cannot be; the file is as it was then, or partly silent."""
    try:
        if path.suffix == SUFFIXES["wav"]:
            _mute_in_place(path, stretches)
        else:
            _write_anew(path, stretches)
    except (OSError, soundfile.SoundFileError) as error:
        raise AudioError(str(path), f"cannot be made silent in part: {error}") from None


def _mute_in_place(path: Path, stretches: Sequence[Stretch]) -> None:
    with soundfile.SoundFile(path, "r+") as file:
        for since, until in stretches:
            first, last = (
                min(max(0, round(at * file.samplerate)), file.frames) for at in (since, until)
            )
            while first < last:
                block = min(last - first, _BLOCK_S * file.samplerate)
                file.seek(first)
                file.write(np.zeros((block, file.channels), np.int16))
                first += block


def _write_anew(path: Path, stretches: Sequence[Stretch]) -> None:
    part = path.with_name(f".{path.name}{PART}")
    part.unlink(missing_ok=True)
    try:
        with soundfile.SoundFile(path) as file:
            _copy(file, part, path, stretches)
        if path.exists():  # who was forgotten meanwhile does not come back
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _copy(file: Any, part: Path, path: Path, stretches: Sequence[Stretch]) -> None:
    sound_format = next(name for name, suffix in SUFFIXES.items() if suffix == path.suffix)
    writer = open_sound(part, sound_format, file.samplerate)
    try:
        done = 0
        while len(block := file.read(_BLOCK_S * file.samplerate, dtype="int16", always_2d=True)):
            _silence(block, done / file.samplerate, file.samplerate, stretches)
            writer.write(block)
            done += len(block)
    finally:
        writer.close()


def _silence(block: StereoSamples, at: float, rate: int, stretches: Sequence[Stretch]) -> None:
    for since, until in stretches:
        first, last = (max(0, round((each - at) * rate)) for each in (since, until))
        block[first:last] = 0
