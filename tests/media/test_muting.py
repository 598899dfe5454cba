"""What turned out to be a secret is silent in the recording, and nothing else is."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.errors import AudioError
from voicebot.media.muting import PART, mute_stretches
from voicebot.media.muting_notes import left_behind, note, note_of, noted
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


KILLED = """
import os, signal, sys, time
from pathlib import Path
import numpy as np
from voicebot.media.muting_notes import note_of
from voicebot.media.recorder import Recorder
from voicebot.types import CallId

recorder = Recorder(Path(sys.argv[1]), sys.argv[2])
recorder.start()
recording = recorder.begin(CallId("abc"), 8000)
path = recorder.folder / recording.name
tone = (12_000 * np.sin(np.arange(160) * 2 * np.pi * 400 / 8000)).astype(np.int16)
for index in range(500):
    recording.sent(tone, index * 0.02)
    recording.heard(tone, index * 0.02)
    if index == 250:
        recording.mute(2.0, 4.0)
deadline = time.monotonic() + 30
while recorder._jobs.qsize() or not note_of(path).exists():
    assert time.monotonic() < deadline
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("sound_format", ["wav", "opus"])
def test_what_a_killed_process_knew_to_be_secret_falls_silent_at_the_next_start(
    tmp_path: Path, sound_format: SoundFormat
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), sound_format], timeout=60, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    (path,) = left_behind(tmp_path)
    assert _loudness(path, 2.1, 3.9) > 5000
    recorder = Recorder(tmp_path, sound_format)
    name = path.relative_to(tmp_path).as_posix()
    assert recorder.path(name) == path
    assert recorder.playable(name) is None
    recorder.start()
    recorder.stop()
    assert recorder.playable(name) == path
    assert _loudness(path, 2.1, 3.9) < 50
    assert _loudness(path, 0.1, 1.9) > 5000
    assert _loudness(path, 4.1, 6.0) > 5000
    assert not list(left_behind(tmp_path))


def test_a_recording_that_cannot_be_made_silent_is_held_back(recorder: Recorder) -> None:
    broken = recorder.folder / "2026-11-21" / "abc.opus"
    broken.parent.mkdir()
    broken.write_bytes(b"no sound")
    note(broken, (1.0, 2.0))
    again = Recorder(recorder.folder)
    again.start()
    again.stop()
    assert again.counters.unmuted == 1
    assert again.playable("2026-11-21/abc.opus") is None


@pytest.mark.parametrize("text", ["", "1.0 x\n", "1.0\n", "1 2\n3", "\xff"])
def test_a_note_that_cannot_be_read_stands_for_the_whole_recording(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "a.wav"
    writer = open_sound(path, "wav", RATE)
    writer.write(_tone(5))
    writer.close()
    note_of(path).write_text(text, "latin-1")
    mute_stretches(path, noted(path))
    assert _loudness(path, 0.0, 5.0) == 0


def test_a_note_without_a_recording_goes(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-21" / "abc.wav"
    path.parent.mkdir()
    note(path, (1.0, 2.0))
    recorder = Recorder(tmp_path)
    recorder.start()
    recorder.stop()
    assert not list(path.parent.iterdir())
