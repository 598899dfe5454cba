"""What a recording looks like, read a block at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.errors import AudioError
from voicebot.media.waveform import MOST_STEPS, read_waveform

RATE = 8000


def _write(path: Path, sound: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Path:
    soundfile.write(path, sound, RATE, subtype="PCM_16")
    return path


def test_sides_are_told_apart_and_short_pauses_joined(tmp_path: Path) -> None:
    sound = np.zeros((10 * RATE, 2), np.float32)
    sound[RATE : 2 * RATE, 0] = 0.5
    sound[int(2.2 * RATE) : 3 * RATE, 0] = 0.5  # after a pause of 0.2 s
    sound[5 * RATE : 6 * RATE, 0] = 0.2
    sound[5 * RATE : 6 * RATE, 1] = 0.002  # a hum
    found = read_waveform(_write(tmp_path / "call.wav", sound))
    assert (found.seconds, len(found.left.peaks)) == (10.0, round(10 / found.step_s))
    assert [(round(begin, 2), round(end, 2)) for begin, end in found.left.active] == [
        (1.0, 3.0),
        (5.0, 6.0),
    ]
    assert found.right.active == ()
    assert (max(found.left.peaks), max(found.right.peaks)) == (50, 0)


def test_a_long_recording_has_no_more_steps(tmp_path: Path) -> None:
    sound = np.zeros((600 * RATE, 2), np.float32)
    found = read_waveform(_write(tmp_path / "long.wav", sound))
    assert len(found.left.peaks) <= MOST_STEPS + 1


def test_an_empty_recording_is_nothing_and_no_error(tmp_path: Path) -> None:
    found = read_waveform(_write(tmp_path / "empty.wav", np.zeros((0, 2), np.float32)))
    assert (found.seconds, found.left.peaks, found.right.active) == (0.0, (), ())


def test_what_is_no_sound_is_told(tmp_path: Path) -> None:
    (tmp_path / "call.wav").write_bytes(b"no sound")
    with pytest.raises(AudioError, match="cannot be read"):
        read_waveform(tmp_path / "call.wav")
