"""Recorded prompts of an application folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.errors import AudioError, SourceError
from voicebot.speech import level
from voicebot.speech.recordings import find_recordings, read_recording, slug
from voicebot.types import Language

ENGLISH = Language("en-US")


def write(path: Path, rate: int = 44_100, channels: int = 2, seconds: float = 0.5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = 0.2 * np.sin(2 * np.pi * 300 * np.arange(int(rate * seconds)) / rate)
    soundfile.write(path, np.column_stack([wave] * channels), rate)
    return path


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Welcome to Harbour Lane.", "welcome-to-harbour-lane"),
        ("You're in luck: 10% off!", "youre-in-luck-10-off"),
        ("  Thanks —  bye ", "thanks-bye"),
        ("영업 시간", "영업-시간"),
        ("...", ""),
    ],
)
def test_a_recording_is_named_after_its_text(text: str, name: str) -> None:
    assert slug(text) == name


def test_long_texts_that_begin_the_same_have_different_names() -> None:
    begin = "We are open from nine in the morning until six in the evening on "
    names = {slug(begin + day) for day in ("Mondays", "Tuesdays")}
    assert len(names) == 2
    assert all(len(name) <= 70 for name in names)


def test_a_recording_is_found_whatever_the_case_and_punctuation(tmp_path: Path) -> None:
    path = write(tmp_path / "en-US" / "how-can-i-help.flac")
    recordings = find_recordings(tmp_path)
    assert recordings.find("How can I help?", ENGLISH) == path
    assert recordings.find("how can i  HELP", ENGLISH) == path
    assert recordings.find("How can I help you?", ENGLISH) is None
    assert recordings.find("How can I help?", Language("de-DE")) is None


def test_the_index_names_files_that_are_called_otherwise(tmp_path: Path) -> None:
    path = write(tmp_path / "en-US" / "takes" / "07.wav")
    (tmp_path / "en-US" / "prompts.yaml").write_text('"Hello, you.": takes/07.wav\n')
    assert find_recordings(tmp_path).find("Hello, you.", ENGLISH) == path


def test_no_folder_means_no_recordings(tmp_path: Path) -> None:
    assert list(find_recordings(tmp_path / "audio")) == []


@pytest.mark.parametrize(
    ("index", "where", "problem"),
    [
        ("Hello.: gone.wav\n", ":1:9: ", "no file 'gone.wav'"),
        ("A.: a.wav\nB.: [1]\n", ":2:5: ", "no file '[1]'"),
        ("- a\n", ":1:1: ", "no mapping"),
        ("a: 'b\n", ":2:1: ", "not valid YAML"),
    ],
)
def test_a_wrong_index_is_reported_with_its_place(
    tmp_path: Path, index: str, where: str, problem: str
) -> None:
    write(tmp_path / "en-US" / "a.wav")
    (tmp_path / "en-US" / "prompts.yaml").write_text(index)
    with pytest.raises(SourceError) as caught:
        find_recordings(tmp_path)
    assert f"prompts.yaml{where}" in str(caught.value)
    assert problem in str(caught.value)


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (8000, 1), (16_000, 1), (48_000, 6)])
def test_any_rate_and_channels_become_telephone_speech(
    tmp_path: Path, rate: int, channels: int
) -> None:
    samples = read_recording(write(tmp_path / "a.wav", rate, channels), 8000)
    assert samples.dtype == np.int16
    assert len(samples) == pytest.approx(4000, abs=80)
    measured = level.speech_level_dbfs(samples.astype(np.float32) / 32768, 8000)
    assert measured == pytest.approx(level.TARGET_DBFS, abs=0.5)


def test_a_file_that_is_no_audio_is_named_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(b"RIFF, or so it says")
    with pytest.raises(AudioError, match=r"broken\.wav: cannot be read as audio"):
        read_recording(path, 8000)
    with pytest.raises(AudioError, match=r"gone\.wav"):
        read_recording(tmp_path / "gone.wav", 8000)


def test_a_silent_recording_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(8000), 8000)
    with pytest.raises(AudioError, match=r"silent\.wav: holds nothing but silence"):
        read_recording(tmp_path / "silent.wav", 8000)


def test_a_recording_of_minutes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "long.wav", rate=8000, channels=1, seconds=121)
    with pytest.raises(AudioError, match="121 s long"):
        read_recording(path, 8000)
