from __future__ import annotations

import numpy as np
import pytest

from voicebot.media.resample import FrameResampler, StreamResampler, resample
from voicebot.types import Samples


def sine(rate: int, hertz: float = 440.0, seconds: float = 1.0, peak: int = 8000) -> Samples:
    time = np.arange(round(rate * seconds)) / rate
    wave: Samples = np.rint(peak * np.sin(2 * np.pi * hertz * time)).astype(np.int16)
    return wave


@pytest.mark.parametrize(
    ("rate", "to_rate"), [(8000, 16000), (16000, 8000), (22050, 8000), (48000, 16000)]
)
def test_a_sine_stays_the_same_sine(rate: int, to_rate: int) -> None:
    converted = resample(sine(rate), rate, to_rate)
    expected = sine(to_rate)
    assert converted.dtype == np.int16
    assert len(converted) == len(expected)
    inner = slice(to_rate // 10, -to_rate // 10)
    error = converted[inner].astype(int) - expected[inner]
    assert np.max(np.abs(error)) <= 20


def test_what_the_lower_rate_cannot_hold_is_removed() -> None:
    converted = resample(sine(16000, hertz=6000.0), 16000, 8000)
    assert np.max(np.abs(converted[800:-800])) < 10


def test_equal_rates_pass_unchanged() -> None:
    sound = sine(8000)
    assert resample(sound, 8000, 8000) is sound
    assert StreamResampler(8000, 8000).feed(sound) is sound
    assert len(StreamResampler(8000, 8000).finish()) == 0


def test_nothing_gives_nothing() -> None:
    assert len(resample(np.zeros(0, np.int16), 8000, 16000)) == 0


def test_silence_stays_silent_and_results_repeat() -> None:
    assert not resample(np.zeros(1600, np.int16), 8000, 16000).any()
    assert np.array_equal(resample(sine(8000), 8000, 16000), resample(sine(8000), 8000, 16000))


def test_full_scale_is_clipped_not_wrapped() -> None:
    square = np.where(sine(8000) >= 0, 32767, -32768).astype(np.int16)
    converted = resample(square, 8000, 16000)
    # In the middle of a half wave the sign must be the square's own.
    assert converted.max() == 32767
    assert np.mean(np.sign(converted.astype(int)) == np.sign(sine(16000).astype(int))) > 0.95


def test_a_stream_in_frames_equals_the_whole_recording() -> None:
    sound = sine(8000, seconds=0.5)
    stream = StreamResampler(8000, 16000)
    blocks = [stream.feed(sound[start : start + 160]) for start in range(0, len(sound), 160)]
    joined = np.concatenate([*blocks, stream.finish()])
    whole = resample(sound, 8000, 16000)
    assert len(joined) == len(whole)
    assert np.max(np.abs(joined.astype(int) - whole)) <= 1


def test_a_reset_stream_begins_anew() -> None:
    stream = StreamResampler(8000, 16000)
    first = np.concatenate([stream.feed(sine(8000)), stream.finish()])
    stream.reset()
    second = np.concatenate([stream.feed(sine(8000)), stream.finish()])
    assert np.array_equal(first, second)


@pytest.mark.parametrize(("rate", "to_rate"), [(8000, 16_000), (16_000, 8000), (8000, 8000)])
def test_frames_are_converted_one_for_one_without_lag(rate: int, to_rate: int) -> None:
    for hertz in (300.0, 1000.0, 3000.0):
        converter = FrameResampler(rate, to_rate)
        said = sine(rate, hertz).reshape(-1, rate // 50)
        told = [converter.feed(frame) for frame in said]
        assert {len(frame) for frame in told} == {to_rate // 50}
        heard, wanted = np.concatenate(told).astype(float), sine(to_rate, hertz).astype(float)
        lags = range(to_rate // 500)
        likeness = max(np.corrcoef(heard[lag:], wanted[: len(wanted) - lag])[0, 1] for lag in lags)
        assert likeness > 0.99


def test_what_a_narrow_line_cannot_carry_is_not_folded_back() -> None:
    wide = sine(16_000, 6000.0)
    converter = FrameResampler(16_000, 8000)
    told = np.concatenate([converter.feed(frame) for frame in wide.reshape(-1, 320)])
    assert np.abs(told[200:]).max() < 80


def test_no_image_is_heard_above_the_band() -> None:
    converter = FrameResampler(8000, 16_000)
    told = [converter.feed(frame) for frame in sine(8000, 2900.0).reshape(-1, 160)]
    inner = np.concatenate(told)[1600:].astype(float)
    image = np.exp(-2j * np.pi * (8000 - 2900) * np.arange(len(inner)) / 16_000)
    assert 2 * np.abs(np.mean(inner * image)) < 10


def test_frames_of_other_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="8000 and 16000"):
        FrameResampler(8000, 44_100)
