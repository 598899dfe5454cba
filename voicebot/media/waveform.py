"""What a recording looks like: how loud each side was, and when it spoke.

The file is read in blocks: a call of hours takes no more memory than one of a minute. Speech is
told by level alone, which is enough to draw it: both sides of a recording are clean of each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from voicebot.errors import AudioError

MOST_STEPS: Final = 3000
SHORTEST_STEP_S: Final = 0.05
LOUD_DBFS: Final = -42.0
JOINED_S: Final = 0.35
"""A pause that is shorter is part of the speech."""
_STEPS_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Side:
    """One channel: ``peaks`` 0 to 100 for each step, and where it is ``active``, in seconds."""

    peaks: tuple[int, ...]
    active: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Waveform:
    """A recording of ``seconds``, cut into steps of ``step_s``. ``left`` is the caller."""

    seconds: float
    step_s: float
    left: Side
    right: Side


def read_waveform(path: Path) -> Waveform:
    """Look at the stereo recording in ``path``; takes a while and belongs to a thread. Raises
    AudioError where it cannot be read."""
    try:
        with soundfile.SoundFile(path) as file:
            seconds = file.frames / file.samplerate
            step = int(file.samplerate * max(SHORTEST_STEP_S, seconds / MOST_STEPS))
            found = [*_steps(file, step)]
            step_s = step / file.samplerate
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        raise AudioError(str(path), f"cannot be read: {error}") from None
    peaks = np.concatenate([each for each, _ in found]) if found else np.zeros((0, 2))
    levels = np.concatenate([each for _, each in found]) if found else np.zeros((0, 2))
    left, right = (_side(peaks[:, side], levels[:, side], step_s) for side in (0, 1))
    return Waveform(seconds, step_s, left, right)


def _steps(file: Any, step: int) -> Iterator[tuple[NDArray[np.floating], NDArray[np.floating]]]:
    """Peak and power of both sides, for each step of a block."""
    for block in file.blocks(step * _STEPS_AT_ONCE, dtype="float32", always_2d=True):
        sound = block[:, [0, -1]]
        whole = np.pad(sound, ((0, -len(sound) % step), (0, 0))).reshape(-1, step, 2)
        yield np.abs(whole).max(axis=1), np.square(whole).mean(axis=1)


def _side(peaks: NDArray[np.floating], powers: NDArray[np.floating], step_s: float) -> Side:
    loud = np.flatnonzero(powers > 10 ** (LOUD_DBFS / 10))
    heights = np.clip(np.rint(peaks * 100), 0, 100).astype(int)
    return Side(tuple(heights.tolist()), tuple(_joined(loud.tolist(), step_s)))


def _joined(steps: Sequence[int], step_s: float) -> Iterator[tuple[float, float]]:
    """Steps that are near to each other, as ranges of seconds."""
    begin = end = -1
    for step in steps:
        if begin >= 0 and (step - end) * step_s > JOINED_S:
            yield begin * step_s, end * step_s
            begin = -1
        begin = step if begin < 0 else begin
        end = step + 1
    if begin >= 0:
        yield begin * step_s, end * step_s
