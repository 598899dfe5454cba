"""Making up what was lost."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.media.concealment import FADED_MS, Concealer
from voicebot.media.frames import level_dbfs
from voicebot.types import Samples


def voice(frames: int, rate: int = 8000, hertz: float = 125) -> Samples:
    time = np.arange(frames * rate // 50) / rate
    wave = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 9))
    return np.asarray(wave * 6000, np.int16)


def after(heard: Samples, rate: int = 8000) -> Concealer:
    concealer = Concealer(rate)
    for frame in heard.reshape(-1, rate // 50):
        concealer.heard(frame)
    return concealer


@pytest.mark.parametrize("rate", [8000, 16_000])
@pytest.mark.parametrize("hertz", [80, 125, 210, 330])
def test_a_voice_goes_on_at_its_pitch(rate: int, hertz: float) -> None:
    said = voice(11, rate, hertz)
    made_up = after(said[: -rate // 50], rate).conceal(rate // 50)
    told = said[-rate // 50 :]
    assert np.corrcoef(made_up.astype(float), told.astype(float))[0, 1] > 0.9


def test_it_fades_to_silence() -> None:
    concealer = after(voice(10))
    frames = [concealer.conceal(160) for _ in range(5)]
    levels = [level_dbfs(frame) for frame in frames]
    assert levels[0] > levels[1] > levels[2] > levels[3] == levels[4] == -100
    assert concealer.faded
    assert FADED_MS == 60


def test_the_seam_has_no_click() -> None:
    said = voice(20)
    concealer = after(said[: 10 * 160])
    made_up = concealer.conceal(160)
    joined = np.concatenate((made_up, concealer.heard(-said[11 * 160 : 12 * 160])))
    steps = np.abs(np.diff(joined.astype(int)))
    assert steps[150:200].max() <= 1.5 * np.abs(np.diff(said.astype(int))).max()


def test_before_anything_was_heard_there_is_silence() -> None:
    assert not Concealer(8000).conceal(160).any()


def test_after_a_reset_the_past_is_forgotten() -> None:
    concealer = after(voice(10))
    concealer.reset()
    assert not concealer.conceal(160).any()


def test_real_sound_is_given_back_as_it_is() -> None:
    said = voice(4)
    concealer = Concealer(8000)
    heard = [concealer.heard(frame) for frame in said.reshape(-1, 160)]
    assert np.array_equal(np.concatenate(heard), said)
