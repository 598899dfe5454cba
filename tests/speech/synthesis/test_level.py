"""Level, trimming and fading of speech."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.speech import level

RATE = 8000


def silence(ms: int, rate: int = RATE) -> level.Signal:
    return np.zeros(rate * ms // 1000, dtype=np.float32)


def tone(ms: int, amplitude: float = 0.3, rate: int = RATE) -> level.Signal:
    time = np.arange(rate * ms // 1000) / rate
    return (amplitude * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


@pytest.mark.parametrize("amplitude", [0.003, 0.1, 0.99])
def test_quiet_and_loud_speech_come_to_the_same_level(amplitude: float) -> None:
    samples = level.finish(tone(500, amplitude), RATE, RATE)
    signal = samples.astype(np.float32) / 32768
    assert level.speech_level_dbfs(signal, RATE) == pytest.approx(level.TARGET_DBFS, abs=0.3)


def test_pauses_do_not_count_in_the_level() -> None:
    halting = np.concatenate([tone(200), silence(1000), tone(200)])
    assert level.speech_level_dbfs(halting, RATE) == pytest.approx(
        level.speech_level_dbfs(tone(400), RATE), abs=0.1
    )


def test_a_peak_stays_under_full_scale_even_where_the_level_would_ask_for_more() -> None:
    signal = tone(500, 0.01)
    signal[2000] = 1.0
    samples = level.finish(signal, RATE, RATE)
    assert np.abs(samples).max() <= 32767 * 10 ** (level.PEAK_DBFS / 20) + 1


def test_silence_at_both_ends_is_cut_to_100_ms_and_pauses_inside_stay() -> None:
    signal = np.concatenate([silence(900), tone(300), silence(500), tone(300), silence(700)])
    samples = level.finish(signal, RATE, RATE)
    assert len(samples) / RATE * 1000 == pytest.approx(1100 + level.LEAD_MS + level.TAIL_MS, abs=10)
    assert level.LEAD_MS + level.TAIL_MS <= 100


def test_the_ends_are_faded() -> None:
    samples = level.finish(np.full(RATE, 0.5, dtype=np.float32), RATE, RATE)
    assert samples[0] == 0
    assert samples[-1] == 0
    assert np.abs(np.diff(samples.astype(np.int32))).max() < 500


def test_the_sound_is_resampled() -> None:
    samples = level.finish(tone(1000, rate=22050), 22050, RATE)
    assert len(samples) == pytest.approx(RATE, abs=RATE * 0.02)
    spectrum = np.abs(np.fft.rfft(samples[:RATE]))
    assert np.argmax(spectrum) * RATE / min(len(samples), RATE) == pytest.approx(440, abs=5)


@pytest.mark.parametrize("signal", [silence(500), silence(0), silence(500) + 1e-5])
def test_silence_gives_no_samples(signal: level.Signal) -> None:
    assert len(level.finish(signal.astype(np.float32), RATE, RATE)) == 0


def test_the_input_is_left_as_it_was() -> None:
    signal = tone(200)
    before = signal.copy()
    level.finish(signal, RATE, RATE)
    assert np.array_equal(signal, before)
