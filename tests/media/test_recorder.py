"""Calls on disk: both sides, readable whatever happens, and never at the expense of the call."""

from __future__ import annotations

import errno
import shutil
import threading
from collections.abc import Iterator
from datetime import date, datetime
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from voicebot.media.recorder import CallRecorder, Recorder, days_ago
from voicebot.media.sound_writer import SoundFormat, open_sound
from voicebot.types import CallId, Samples

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

RATE = 8000
DAY = date(2026, 11, 21)


def _frame(value: int) -> Samples:
    return np.full(160, value, np.int16)


def _talk(recording: CallRecorder, frames: int, left: int = 3000, right: int = -2000) -> None:
    for index in range(frames):
        recording.sent(_frame(right), index * 0.02)
        recording.heard(_frame(left), index * 0.02)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path / "recordings", today=lambda: DAY)
    made.start()
    yield made
    made.stop()


def test_a_call_is_written_with_both_sides(recorder: Recorder) -> None:
    recording = recorder.begin(CallId("abc"), RATE)
    _talk(recording, 130)
    recording.close()
    recorder.stop()
    assert recording.name == "2026-11-21/abc.wav"
    path = recorder.path(recording.name)
    assert path is not None
    samples, rate = soundfile.read(path, dtype="int16")
    assert (rate, samples.shape) == (RATE, (130 * 160, 2))
    assert (samples == [3000, -2000]).all()
    assert (recorder.counters.begun, recorder.counters.running) == (1, 0)


def test_recordings_are_for_their_owner_alone(recorder: Recorder) -> None:
    recording = recorder.begin(CallId("abc"), RATE)
    _talk(recording, 30)
    recording.close()
    recorder.stop()
    path = recorder.folder / recording.name
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["wav", "opus", "vorbis"])
def test_a_file_cut_off_by_a_crash_can_be_read(tmp_path: Path, kind: SoundFormat) -> None:
    path = tmp_path / "call"
    writer = open_sound(path, kind, RATE)
    noise = np.random.default_rng(1).integers(-3000, 3000, (RATE // 2, 2)).astype(np.int16)
    for _ in range(20):
        writer.write(noise)
    # What lies on disk now is what a killed process leaves.
    left = tmp_path / "left"
    shutil.copy(path, left)
    writer.close()
    samples, rate = soundfile.read(left)
    assert rate == RATE
    assert samples.shape[1] == 2
    assert len(samples) == 10 * RATE if kind == "wav" else len(samples) > 8 * RATE


@pytest.mark.parametrize("kind", ["opus", "vorbis"])
def test_ogg_keeps_the_sides_apart_and_is_small(tmp_path: Path, kind: SoundFormat) -> None:
    path = tmp_path / "call"
    writer = open_sound(path, kind, RATE)
    time = np.arange(10 * RATE) / RATE
    tone = (np.sin(2 * np.pi * 500 * time) * 9000).astype(np.int16)
    block = np.stack([tone, np.zeros_like(tone)], axis=1)
    for start in range(0, len(block), 4000):
        writer.write(block[start : start + 4000])
    writer.close()
    samples, rate = soundfile.read(path)
    assert (rate, len(samples)) == (RATE, len(block))
    assert np.sqrt(np.mean(samples[RATE:, 0] ** 2)) > 0.15
    assert np.sqrt(np.mean(samples[RATE:, 1] ** 2)) < 0.01
    assert path.stat().st_size < block.nbytes / 4


def test_a_disk_that_is_too_slow_costs_sound_and_not_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    slow = Recorder(tmp_path, queue_blocks=2, today=lambda: DAY)

    def wait_to_open(path: Path, kind: SoundFormat, rate: int) -> object:
        assert gate.wait(10)
        return open_sound(path, kind, rate)

    monkeypatch.setattr("voicebot.media.recorder.open_sound", wait_to_open)
    slow.start()
    recording = slow.begin(CallId("abc"), RATE)
    _talk(recording, 500)
    assert slow.counters.dropped_ms > 0
    gate.set()
    for index in range(500, 600):
        while not slow._jobs.empty():
            threading.Event().wait(0.01)
        recording.sent(None, index * 0.02)
        recording.heard(_frame(5), index * 0.02)
    while not slow._jobs.empty():
        threading.Event().wait(0.01)
    recording.close()
    slow.stop()
    samples, _ = soundfile.read(tmp_path / recording.name, dtype="int16")
    assert len(samples) == 600 * 160
    assert samples[-1].tolist() == [5, 0]


def test_a_recording_that_cannot_be_written_breaks_off_alone(
    recorder: Recorder, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings" / "2026-11-21"
    folder.mkdir()
    (folder / "bad.wav").touch()
    bad = recorder.begin(CallId("bad"), RATE)
    good = recorder.begin(CallId("good"), RATE)
    for recording in (bad, good):
        _talk(recording, 60)
        recording.close()
    recorder.stop()
    assert recorder.counters.failed == 1
    assert (folder / "bad.wav").stat().st_size == 0
    assert soundfile.info(folder / "good.wav").frames == 60 * 160


class _Disk:
    """How many more octets there is room for."""

    room = 0


class _FileOnDisk(FileIO):
    def write(self, octets: ReadableBuffer, /) -> int:
        fitting = bytes(octets)[: _Disk.room]
        if not fitting:
            raise OSError(errno.ENOSPC, "No space left on device")
        _Disk.room -= len(fitting)
        return super().write(fitting)


@pytest.mark.parametrize("room", [0, 10, 1000])
def test_a_full_disk_costs_the_recordings_that_meet_it_and_none_that_come_later(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr("voicebot.media.sound_writer.FileIO", _FileOnDisk)
    _Disk.room = room
    unlucky = recorder.begin(CallId("unlucky"), RATE)
    _talk(unlucky, 60)
    unlucky.close()
    while not recorder._jobs.empty():
        threading.Event().wait(0.01)
    _Disk.room = 1_000_000
    lucky = recorder.begin(CallId("lucky"), RATE)
    _talk(lucky, 60)
    lucky.close()
    recorder.stop()
    assert recorder.counters.failed == 1
    assert soundfile.info(tmp_path / "recordings" / lucky.name).frames == 60 * 160
    assert (recorder.path(unlucky.name) is not None) is (room == 1000)  # only with sound in it


def test_a_mistake_of_ours_in_one_recording_spares_the_others(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_all_but_one(path: Path, kind: SoundFormat, rate: int) -> object:
        if path.stem == "bad":
            raise ValueError("a mistake of ours")
        return open_sound(path, kind, rate)

    monkeypatch.setattr("voicebot.media.recorder.open_sound", open_all_but_one)
    for call in ("bad", "good"):
        recording = recorder.begin(CallId(call), RATE)
        _talk(recording, 60)
        recording.close()
    recorder.stop()
    assert recorder.counters.failed == 1
    assert soundfile.info(tmp_path / "recordings/2026-11-21/good.wav").frames == 60 * 160


def test_old_days_are_deleted_and_nothing_else(recorder: Recorder) -> None:
    for name in ("2026-11-01", "2026-11-19", "2026-11-20", "notes", "2026-11-01-kept"):
        (recorder.folder / name).mkdir()
        (recorder.folder / name / "call.wav").touch()
    first_kept = days_ago(1, datetime(2026, 11, 21, 0, 5))
    assert recorder.delete_before(first_kept) == 2
    assert sorted(path.name for path in recorder.folder.iterdir()) == [
        "2026-11-01-kept",
        "2026-11-20",
        "notes",
    ]


@pytest.mark.parametrize("name", ["../etc/passwd", "2026-11-21/../../x", "/etc/passwd", "", "x"])
def test_a_name_leads_nowhere_but_to_recordings(recorder: Recorder, name: str) -> None:
    assert recorder.path(name) is None


def test_a_call_id_from_outside_cannot_leave_the_folder(recorder: Recorder) -> None:
    recording = recorder.begin(CallId("../../x y"), RATE)
    assert recording.name == "2026-11-21/_.._x_y.wav"
