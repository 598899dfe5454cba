"""What turned out to be a secret is silent in the recording, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.errors import AudioError
from voicebot.media.muting import PART, mute_stretches
from voicebot.media.recorder import Recorder
from voicebot.media.sound_writer import SUFFIXES, SoundFormat, open_sound
from voicebot.media.stereo import StereoSamples
from voicebot.types import CallId

RATE = 8000


def _tone(seconds: float) -> StereoSamples:
    wave = 12_000 * np.sin(np.arange(int(seconds * RATE)) * 2 * np.pi * 440 / RATE)
    return np.stack((wave, wave), axis=1).astype(np.int16)


def _loudness(path: Path, since: float, until: float) -> float:
    samples, rate = soundfile.read(path, dtype="int16")
    piece = samples[int(since * rate) : int(until * rate)].astype(float)
    return float(np.sqrt((piece**2).mean()))


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path / "recordings")
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("sound_format", ["wav", "opus", "vorbis"])
def test_stretches_fall_silent(tmp_path: Path, sound_format: SoundFormat) -> None:
    path = tmp_path / f"a{SUFFIXES[sound_format]}"
    writer = open_sound(path, sound_format, RATE)
    writer.write(_tone(14))
    writer.close()
    before = soundfile.info(path).frames
    mute_stretches(path, [(1.0, 2.0), (9.5, 11.5), (13.5, 99.0)])
    assert soundfile.info(path).frames == before
    assert path.stat().st_mode & 0o777 == 0o600
    for since, until in ((1.05, 1.95), (9.55, 11.45), (13.55, 14.0)):
        assert _loudness(path, since, until) < 50
    for since, until in ((0.1, 0.9), (2.1, 9.4), (11.6, 13.4)):
        assert _loudness(path, since, until) == pytest.approx(8485, rel=0.1)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.opus"
    path.write_bytes(b"no sound")
    with pytest.raises(AudioError, match="cannot be made silent"):
        mute_stretches(path, [(0.0, 1.0)])
    assert path.read_bytes() == b"no sound"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_call_falls_silent_where_it_was_told_to_when_it_is_over(recorder: Recorder) -> None:
    recording = recorder.begin(CallId("abc"), RATE)
    for index in range(300):
        recording.sent(np.full(160, -2000, np.int16), index * 0.02)
        recording.heard(np.full(160, 3000, np.int16), index * 0.02)
        if index == 199:  # four seconds
            assert recording.length_s == pytest.approx(4.0, abs=0.05)
            recording.mute(1.0, 2.0)
            recording.mute(1.5, 2.5)
            recording.mute(3.5, 4.5)
            recording.mute(-2.0, -1.0)
    recording.close()
    recorder.stop()
    samples, _ = soundfile.read(recorder.folder / recording.name, dtype="int16")
    loud = samples.any(axis=1)
    assert len(loud) == 6 * RATE
    for since, until, expected in ((0, 1, True), (1, 2.5, False), (2.5, 3.5, True),
                                   (3.5, 4.5, False), (4.5, 6, True)):  # fmt: skip
        assert (loud[int(since * RATE) : int(until * RATE)] == expected).all()
    assert recorder.counters.unmuted == 0


def test_half_of_a_rewritten_file_does_not_outlive_a_killed_process(tmp_path: Path) -> None:
    part = tmp_path / "2026-11-21" / f".abc.opus{PART}"
    part.parent.mkdir()
    part.write_bytes(b"half")
    recorder = Recorder(tmp_path)
    recorder.start()
    recorder.stop()
    assert not part.exists()
