"""Keys heard as tones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.media import g711
from voicebot.media.dtmf_detector import HIGH_HZ, LAYOUT, LOW_HZ, DtmfDetector
from voicebot.media.frames import FULL_SCALE, frames_of
from voicebot.types import Samples

ALL_KEYS = "".join(LAYOUT)
RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "dtmf"
PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")


def keyed(
    keys: str,
    on_ms: float = 40,
    off_ms: float = 40,
    *,
    low_dbm0: float = -10,
    high_dbm0: float = -10,
    error: float = 0.0,
    noise_dbfs: float | None = None,
    offset: int = 0,
    rate: int = 8000,
) -> Samples:
    """Keys as a telephone line has them. 0 dBm0 is a sine of -6.2 dBFS, RMS."""
    parts = [np.zeros(offset)]
    time = np.arange(round(on_ms * rate / 1000)) / rate
    for key in keys:
        row = next(row for row, keys_of in enumerate(LAYOUT) if key in keys_of)
        column = LAYOUT[row].index(key)
        low = np.sin(2 * np.pi * LOW_HZ[row] * (1 + error) * time)
        high = np.sin(2 * np.pi * HIGH_HZ[column] * (1 - error) * time)
        amplitudes = [2**0.5 * FULL_SCALE * 10 ** ((x - 6.2) / 20) for x in (low_dbm0, high_dbm0)]
        parts += [low * amplitudes[0] + high * amplitudes[1], np.zeros(round(off_ms * rate / 1000))]
    line = np.concatenate([*parts, np.zeros(rate // 5)])
    if noise_dbfs is not None:
        noise = np.random.default_rng(5).standard_normal(len(line))
        line += noise * FULL_SCALE * 10 ** (noise_dbfs / 20)
    samples = np.clip(np.rint(line), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return g711.pass_through(samples) if rate == 8000 else samples


def heard(samples: Samples, rate: int = 8000) -> str:
    detector = DtmfDetector(rate)
    return "".join(detector.feed(frame).key or "" for frame in frames_of(samples, rate))


@pytest.mark.parametrize("rate", [8000, 16_000])
@pytest.mark.parametrize("offset", [0, 37, 80, 123])
def test_every_key_of_40_ms_is_found_wherever_it_lies(offset: int, rate: int) -> None:
    assert heard(keyed(ALL_KEYS, offset=offset, rate=rate), rate) == ALL_KEYS


@pytest.mark.parametrize("level", [-36, -20, -3, 0])
@pytest.mark.parametrize("error", [-0.015, 0.0, 0.015])
def test_loud_and_soft_keys_are_found(level: float, error: float) -> None:
    assert heard(keyed(ALL_KEYS, low_dbm0=level, high_dbm0=level, error=error)) == ALL_KEYS


@pytest.mark.parametrize(("low", "high"), [(-20, -16), (-10, -18)])
def test_one_tone_may_be_louder_than_the_other(low: float, high: float) -> None:
    assert heard(keyed(ALL_KEYS, low_dbm0=low, high_dbm0=high)) == ALL_KEYS


@pytest.mark.parametrize("noise_dbfs", [-40, -26])
def test_keys_are_found_in_noise(noise_dbfs: float) -> None:
    assert heard(keyed(ALL_KEYS, 60, 60, noise_dbfs=noise_dbfs)) == ALL_KEYS


def test_a_key_as_loud_as_the_noise_is_found_when_it_is_held() -> None:
    assert heard(keyed("159", 140, 100, noise_dbfs=-14)) == "159"


@given(
    keys=st.text(ALL_KEYS, min_size=1, max_size=6),
    on_ms=st.integers(40, 300),
    off_ms=st.integers(40, 200),
    offset=st.integers(0, 159),
)
@settings(max_examples=40, deadline=None)
def test_entries_arrive_as_they_were_keyed(keys: str, on_ms: int, off_ms: int, offset: int) -> None:
    assert heard(keyed(keys, on_ms, off_ms, offset=offset)) == keys


def test_a_break_in_a_tone_is_no_second_press() -> None:
    tone = keyed("5", 200, 0)
    tone[800:880] = 0
    assert heard(tone) == "5"


@pytest.mark.parametrize("line", [keyed("5", 20, 100), keyed("5", 200, 50, error=0.05)])
def test_what_is_too_short_or_off_pitch_is_no_key(line: Samples) -> None:
    assert heard(line) == ""


def test_noise_and_silence_hold_no_keys() -> None:
    noise = np.random.default_rng(1).normal(0, 6000, 8000 * 20).astype(np.int16)
    assert heard(noise) == heard(np.zeros(8000, np.int16)) == ""


def test_the_tone_is_taken_out_and_speech_left_alone() -> None:
    detector = DtmfDetector(8000)
    tone = keyed("7", 120, 60)
    left = np.concatenate([detector.feed(frame).samples for frame in frames_of(tone, 8000)])
    # The first 20 to 30 ms pass, before it can be known what they are.
    assert np.count_nonzero(left) <= 320
    speech = np.random.default_rng(2).normal(0, 3000, 1600).astype(np.int16)
    passed = [detector.feed(frame).samples for frame in frames_of(speech, 8000)]
    assert np.array_equal(np.concatenate(passed), speech)


def test_a_reset_forgets_the_key_that_is_held() -> None:
    detector = DtmfDetector(8000)
    frames = frames_of(keyed("3", 100, 0)[:800], 8000)
    keys = [detector.feed(frame).key for frame in frames]
    detector.reset()
    keys += [detector.feed(frame).key for frame in frames]
    assert [key for key in keys if key] == ["3", "3"]


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the DTMF recordings are not here")
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("0-9-8Khz", "0123456789"),
        ("a-8kHz", "AAAA"),
        ("five-8kHz", "5555"),
        ("hash-8kHz", "####"),
        ("one-8kHz", "1111"),
        ("complete-sequence-8kHz", "1234567890*#ABCD"),
        ("one_distorted", "1"),
        ("whiteNoise", ""),
    ],
)
def test_recorded_keys_are_found(name: str, keys: str) -> None:
    samples, _ = soundfile.read(RECORDINGS / f"{name}.wav", dtype="int16")
    assert heard(samples) == keys


@pytest.mark.skipif(not PROMPTS.is_dir(), reason="asterisk-core-sounds-en-wav is not installed")
def test_recorded_speech_holds_no_keys() -> None:
    for file in sorted(PROMPTS.rglob("*.wav"))[::8]:
        samples, _ = soundfile.read(file, dtype="int16")
        assert heard(samples) == "", file.name
