"""Music on hold: soft, without a seam, and a designer's own where there is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.errors import AudioError
from voicebot.media.frames import level_dbfs
from voicebot.media.hold_music import LEVEL_DBFS, LoopedSound, own_piece, read_piece
from voicebot.types import Samples


@pytest.mark.parametrize("rate", [8000, 16_000])
def test_our_piece_is_soft_and_runs_into_its_beginning(rate: int) -> None:
    piece = own_piece(rate)
    assert level_dbfs(piece) == pytest.approx(LEVEL_DBFS, abs=0.5)
    steps = np.abs(np.diff(np.concatenate((piece, piece[:1])).astype(int)))
    assert steps[-1] <= steps[:-1].max()
    assert not any(level_dbfs(part) < -45 for part in np.array_split(piece, 18))


def test_it_plays_over_and_over() -> None:
    samples = np.arange(400, dtype=np.int16)
    sound = LoopedSound(samples, 8000)
    frames = [sound.next_frame(0.0) for _ in range(5)]
    heard = np.concatenate([frame for frame in frames if frame is not None])
    assert (heard == np.concatenate((samples, samples))).all()


def test_a_sound_shorter_than_a_frame_and_one_of_nothing_are_no_trouble() -> None:
    short = LoopedSound(np.ones(7, np.int16), 8000).next_frame(0.0)
    assert short is not None
    assert len(short) == 160
    empty: Samples = np.zeros(0, np.int16)
    assert LoopedSound(empty, 8000).next_frame(0.0) is None


def test_a_recording_is_brought_to_our_rate_and_level(tmp_path: Path) -> None:
    file = tmp_path / "hold-music.wav"
    wave = np.sin(np.arange(44_100) / 20)
    soundfile.write(file, np.stack([wave, wave], axis=1), 44_100)
    piece = read_piece(file, 8000)
    assert len(piece) == 8000
    assert level_dbfs(piece) == pytest.approx(LEVEL_DBFS, abs=0.5)


@pytest.mark.parametrize("content", [b"no sound at all", b""])
def test_a_file_that_is_no_sound_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "hold-music.wav"
    file.write_bytes(content)
    with pytest.raises(AudioError, match=r"hold-music\.wav: cannot be read"):
        read_piece(file, 8000)


def test_a_silent_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "silence.wav"
    soundfile.write(file, np.zeros(800), 8000)
    with pytest.raises(AudioError, match="nothing that could be played"):
        read_piece(file, 8000)
