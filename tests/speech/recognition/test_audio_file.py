"""Sound files: what is read, what is refused and how it says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.errors import AudioError
from voicebot.speech.audio_file import read_speech


def _ramp(count: int = 1600) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.linspace(-20_000, 20_000, count).astype(np.int16)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize("rate", [8000, 16_000])
def test_samples_come_back_unchanged(tmp_path: Path, suffix: str, rate: int) -> None:
    file = tmp_path / f"a.{suffix}"
    soundfile.write(file, _ramp(), rate)
    samples, found = read_speech(file)
    assert found == rate
    assert np.array_equal(samples, _ramp())


def test_channels_are_mixed(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    soundfile.write(file, np.stack([_ramp(), np.zeros(1600, np.int16)], axis=1), 8000)
    samples, _ = read_speech(file)
    assert samples.dtype == np.int16
    assert abs(int(samples[0]) + 10_000) <= 1


def test_telephone_goes_through_8_khz_mu_law(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    soundfile.write(file, _ramp(), 16_000)
    samples, rate = read_speech(file, telephone=True)
    assert rate == 8000
    assert len(samples) == 800
    assert len(np.unique(samples)) <= 255


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("absent.wav", "no such file"),
        (".", "not a file"),
        ("text.wav", "cannot be read as audio"),
        ("empty.wav", "no audio"),
        ("fast.wav", "44100 Hz; convert it"),
    ],
)
def test_unusable_file_is_named_with_its_problem(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "text.wav").write_text("no audio at all")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0, np.int16), 8000)
    soundfile.write(tmp_path / "fast.wav", _ramp(), 44_100)
    with pytest.raises(AudioError, match=problem) as error:
        read_speech(tmp_path / name)
    assert str(error.value).startswith(str(tmp_path / name))


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused(tmp_path: Path, poison: float) -> None:
    file = tmp_path / "a.wav"
    samples = np.zeros(1600, np.float32)
    samples[800] = poison
    soundfile.write(file, samples, 8000, subtype="FLOAT")
    with pytest.raises(AudioError, match="no numbers"):
        read_speech(file)


def test_floating_point_samples_are_clipped(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    soundfile.write(file, np.array([0.5, -3.0, 3.0], np.float32), 8000, subtype="FLOAT")
    assert read_speech(file)[0].tolist() == [16384, -32767, 32767]
