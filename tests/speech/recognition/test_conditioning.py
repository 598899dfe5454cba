"""Utterances made fit for the model."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.errors import AudioError
from voicebot.speech.moonshine.conditioning import other_forms, prepare
from voicebot.speech.moonshine.model import MAX_SAMPLES, RATE, Floats
from voicebot.types import Samples


def _tone(seconds: float, rate: int = RATE, level: float = 8000.0) -> Samples:
    times = np.arange(round(seconds * rate)) / rate
    return np.asarray(level * np.sin(2 * np.pi * 440 * times), np.int16)


def _silence(seconds: float, rate: int = RATE) -> Samples:
    return np.zeros(round(seconds * rate), np.int16)


def test_silence_around_speech_is_cut_and_padding_put_in_its_place() -> None:
    audio = np.concatenate([_silence(2), _tone(1), _silence(3)])
    (piece,) = prepare(audio, RATE)
    assert 1.6 <= len(piece) / RATE <= 2.0
    assert not piece[: int(0.3 * RATE)].any()
    assert not piece[-int(0.3 * RATE) :].any()


def test_telephone_audio_comes_out_at_16_khz() -> None:
    (piece,) = prepare(_tone(1, rate=8000), 8000)
    assert len(piece) / RATE == pytest.approx(1.6, abs=0.05)


@pytest.mark.parametrize("level", [600.0, 30_000.0])
def test_level_is_evened_out(level: float) -> None:
    (piece,) = prepare(_tone(1, level=level), RATE)
    assert float(np.abs(piece).max()) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("audio", [_silence(0), _silence(0.001), _silence(3)])
def test_nothing_said_gives_no_piece(audio: Samples) -> None:
    assert prepare(audio, RATE) == []


def test_line_noise_alone_gives_no_piece() -> None:
    hiss = np.random.default_rng(1).normal(0, 8, RATE).astype(np.int16)
    assert prepare(hiss, RATE) == []


def test_long_pauses_are_shortened_where_that_makes_it_fit() -> None:
    audio = np.concatenate([np.concatenate([_tone(1), _silence(2)]) for _ in range(5)])
    pieces = prepare(audio, RATE)
    assert len(pieces) == 1
    assert len(pieces[0]) <= MAX_SAMPLES


def test_what_cannot_fit_is_cut_at_its_quietest_place() -> None:
    audio = np.concatenate([_tone(6), _silence(0.2), _tone(6)])
    pieces = prepare(audio, RATE)
    assert [round(len(piece) / RATE - 0.6, 1) for piece in pieces] == [6.1, 6.1]


def test_no_piece_is_longer_than_the_model_takes() -> None:
    pieces = prepare(_tone(31), RATE)
    assert len(pieces) >= 4
    assert max(len(piece) for piece in pieces) <= MAX_SAMPLES
    assert sum(len(piece) / RATE - 0.6 for piece in pieces) == pytest.approx(31, abs=0.2)


@pytest.mark.parametrize(
    ("audio", "rate", "problem"),
    [
        (_tone(1), 44_100, "44100 Hz"),
        (np.zeros((100, 2), np.int16), RATE, "one channel"),
        (np.zeros(100, np.float32), RATE, "16-bit"),
    ],
)
def test_other_audio_is_refused(audio: Samples, rate: int, problem: str) -> None:
    with pytest.raises(AudioError, match=problem):
        prepare(audio, rate)


def test_noisy_line_is_heard_whole_by_both_encoders_and_then_slower() -> None:
    noise = np.random.default_rng(3).normal(0, 1500, 3 * RATE).astype(np.int16)
    noise[RATE : 2 * RATE] += _tone(1)
    emphasised, whole, slower = other_forms(noise, RATE)
    assert [form.adapted for form in (emphasised, whole, slower)] == [False, True, False]
    for form in (emphasised, whole, slower):
        assert float(np.abs(form.samples).max()) == pytest.approx(0.5, abs=0.01)
    assert len(whole.samples) == len(noise)
    assert len(emphasised.samples) == len(noise) - 1
    assert _low_share(emphasised.samples) < _low_share(whole.samples) / 2
    (trimmed,) = prepare(noise, RATE)
    padding = 2 * 0.3 * RATE
    assert (len(slower.samples) - padding) / (len(trimmed) - padding) == pytest.approx(
        1 / 0.95, abs=0.001
    )
    assert not slower.samples[: RATE // 10].any()


def _low_share(samples: Floats) -> float:
    """The share of the power below 1 kHz."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(power[: len(samples) // 16].sum() / power.sum())


@pytest.mark.parametrize(
    "audio", [np.concatenate([_silence(1), _tone(1)]), _tone(12), _silence(0), _tone(0.05)]
)
def test_quiet_too_long_or_too_short_audio_has_no_other_form(audio: Samples) -> None:
    assert list(other_forms(audio, RATE)) == []
