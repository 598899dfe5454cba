"""Between 8 and 16 kHz: frame for frame, and nothing but the rate changes."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.media.half_band import FrameConverter
from voicebot.types import Samples


def _tone(hertz: float, rate: int, seconds: float = 1.0) -> Samples:
    time = np.arange(round(rate * seconds)) / rate
    return (np.sin(2 * np.pi * hertz * time) * 10_000).astype(np.int16)


def _converted(samples: Samples, rate: int, to_rate: int) -> Samples:
    converter = FrameConverter(rate, to_rate)
    frames = samples.reshape(-1, rate // 50)
    return np.concatenate([converter.feed(frame) for frame in frames])


def _amplitude(samples: Samples, hertz: float, rate: int) -> float:
    inner = samples[rate // 10 :].astype(float)
    time = np.arange(len(inner)) / rate
    return float(2 * np.abs(np.mean(inner * np.exp(-2j * np.pi * hertz * time))))


@pytest.mark.parametrize("rate, to_rate", [(8000, 16_000), (16_000, 8000)])
@pytest.mark.parametrize("hertz", [300, 1000, 3400])
def test_a_tone_of_the_telephone_band_passes(rate: int, to_rate: int, hertz: int) -> None:
    converted = _converted(_tone(hertz, rate), rate, to_rate)
    assert len(converted) == to_rate
    assert _amplitude(converted, hertz, to_rate) == pytest.approx(10_000, rel=0.01)


def test_no_image_is_heard_above_the_band() -> None:
    converted = _converted(_tone(2900, 8000), 8000, 16_000)
    assert _amplitude(converted, 8000 - 2900, 16_000) < 10


def test_what_does_not_fit_is_not_folded_back() -> None:
    converted = _converted(_tone(5200, 16_000), 16_000, 8000)
    assert _amplitude(converted, 8000 - 5200, 8000) < 10


def test_every_frame_gives_a_frame_and_the_delay_is_under_2_ms() -> None:
    samples = np.zeros(1600, np.int16)
    samples[800] = 20_000
    converted = _converted(samples, 8000, 16_000)
    assert len(converted) == 3200
    assert 1600 <= int(np.abs(converted).argmax()) <= 1632


def test_equal_rates_pass_untouched() -> None:
    frame = _tone(400, 8000, 0.02)
    assert FrameConverter(8000, 8000).feed(frame) is frame


def test_other_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="44100"):
        FrameConverter(44_100, 8000)
