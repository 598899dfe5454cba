from __future__ import annotations

import numpy as np
import pytest

from voicebot.media.frames import level_dbfs
from voicebot.media.tones import BEEP, BUSY, REORDER, RINGBACK, Tone, comfort_noise, render
from voicebot.types import Samples


def strongest(samples: Samples, rate: int, count: int) -> set[int]:
    spectrum = np.abs(np.fft.rfft(samples.astype(float) * np.hanning(len(samples))))
    peaks = [
        i
        for i in range(1, len(spectrum) - 1)
        if spectrum[i] > spectrum[i - 1] and spectrum[i] >= spectrum[i + 1]
    ]
    peaks.sort(key=lambda i: -spectrum[i])
    return {round(i * rate / len(samples)) for i in peaks[:count]}


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("tone", [RINGBACK, BUSY])
def test_a_progress_tone_has_its_frequencies(tone: Tone, rate: int) -> None:
    sounding = render(tone, rate)[: round(tone.on_s * rate)]
    found = strongest(sounding, rate, 2)
    assert all(min(abs(hertz - f) for f in found) <= 2 for hertz in tone.frequencies_hz)


@pytest.mark.parametrize("tone", [RINGBACK, BUSY, REORDER, BEEP])
def test_a_tone_has_its_cadence_and_level(tone: Tone) -> None:
    sound = render(tone, 8000)
    on = round(tone.on_s * 8000)
    assert len(sound) == round((tone.on_s + tone.off_s) * 8000)
    assert level_dbfs(sound[:on]) == pytest.approx(tone.level_dbfs, abs=0.5)
    assert not sound[on:].any()


def test_a_tone_begins_and_ends_without_a_click() -> None:
    sound = render(BEEP, 8000).astype(int)
    assert abs(sound[0]) < 100
    assert abs(sound[-1]) < 700
    assert np.max(np.abs(sound[:5])) < np.max(np.abs(sound)) / 4


def test_a_tone_fills_the_time_asked_for() -> None:
    sound = render(BUSY, 8000, seconds=2.5)
    assert len(sound) == 20000
    assert np.array_equal(sound[:8000], sound[8000:16000])


def test_comfort_noise_is_soft_and_repeatable() -> None:
    noise = comfort_noise(8000, 1.0)
    assert level_dbfs(noise) == pytest.approx(-62, abs=1)
    assert np.array_equal(noise, comfort_noise(8000, 1.0))
    assert not np.array_equal(noise, comfort_noise(8000, 1.0, seed=1))
