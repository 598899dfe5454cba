"""The encoder adapted to noise."""

from __future__ import annotations

import numpy as np
import pytest

from tests.speech.recognition.conftest import Speaker
from voicebot.media import g711
from voicebot.media.resample import resample
from voicebot.speech.moonshine import assets
from voicebot.speech.moonshine.model import RATE, Floats, Model
from voicebot.speech.moonshine.noise_adaptation import adapted, path
from voicebot.types import Samples

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(assets.locate())


def test_changes_lie_inside_the_weights_and_leave_the_rest_of_the_file_alone() -> None:
    original = assets.locate().encoder.read_bytes()
    before = np.frombuffer(original, np.uint8)
    after = np.frombuffer(adapted(original), np.uint8)
    assert len(after) == len(before)
    with np.load(path()) as data:
        for index, offset in enumerate(data["offsets"].tolist()):
            if f"levels{index}" in data:
                size = data[f"levels{index}"].size
            else:
                size = 4 * len(data[f"left{index}"]) * data[f"right{index}"].shape[1]
            part = slice(offset, offset + size)
            assert (before[part] != after[part]).any()
            after = np.concatenate([after[:offset], before[part], after[offset + size :]])
    assert (after == before).all()


def test_no_weight_of_8_bits_wraps_round() -> None:
    original = assets.locate().encoder.read_bytes()
    changed = adapted(original)
    with np.load(path()) as data:
        for index, offset in enumerate(data["offsets"].tolist()):
            if f"levels{index}" not in data:
                continue
            levels = data[f"levels{index}"].ravel()
            before, after = (
                np.frombuffer(file, np.uint8, levels.size, offset).astype(np.int64)
                for file in (original, changed)
            )
            assert (after - before == levels).all()


def test_speech_in_noise_is_more_like_speech_without(model: Model, say: Speaker) -> None:
    clear = say(["im-sorry", "queue-thankyou", "agent-pass"])
    chance = np.random.default_rng(5)
    hiss = chance.normal(0, np.abs(clear.astype(np.int32)).max() / 20, len(clear))
    noisy = _levelled(np.clip(clear + hiss, -32_768, 32_767).astype(np.int16))
    wanted = model.encode(_levelled(clear))
    off, off_when_adapted = (
        float(((model.encode(noisy, noisy=adapted) - wanted) ** 2).mean())
        for adapted in (False, True)
    )
    assert off_when_adapted < 0.95 * off


def test_speech_without_noise_is_heard_alike(model: Model, say: Speaker) -> None:
    clear = _levelled(say(["im-sorry", "queue-thankyou"]))
    plain, adapted = (model.encode(clear, noisy=noisy).ravel() for noisy in (False, True))
    assert np.corrcoef(plain, adapted)[0, 1] > 0.95


def _levelled(samples: Samples) -> Floats:
    """As the model likes it, after a telephone line."""
    heard = resample(g711.pass_through(samples), g711.RATE, RATE).astype(np.float32)
    levelled: Floats = heard / np.float32(2 * np.abs(heard).max())
    return levelled
