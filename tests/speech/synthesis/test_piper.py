"""The packaged Piper voice, really speaking."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicebot.errors import ModelError, SpeechError
from voicebot.speech import level
from voicebot.speech.piper import LONGEST_TEXT, PiperSynthesizer
from voicebot.speech.voices import synthesizer_spec, voice_name
from voicebot.types import Language, Samples

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def piper() -> PiperSynthesizer:
    return PiperSynthesizer()


def loud_ends_ms(samples: Samples, rate: int) -> tuple[float, float]:
    """Silence before and after the sound, in ms."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 65)
    return loud[0] / rate * 1000, (len(samples) - 1 - loud[-1]) / rate * 1000


@pytest.mark.parametrize("rate", [8000, 16_000])
@pytest.mark.parametrize("text", ["six", "Order four two, seven one is on its way."])
def test_speech_is_level_trimmed_and_unclipped(
    piper: PiperSynthesizer, text: str, rate: int
) -> None:
    samples = piper.synthesize(text, rate)
    assert samples.dtype == np.int16
    signal = samples.astype(np.float32) / 32768
    assert level.speech_level_dbfs(signal, rate) == pytest.approx(level.TARGET_DBFS, abs=1)
    assert np.abs(signal).max() < 0.9
    assert max(loud_ends_ms(samples, rate)) <= 100
    assert abs(int(samples[0])) < 50
    assert abs(int(samples[-1])) < 50


def test_a_word_lasts_as_long_as_a_word(piper: PiperSynthesizer) -> None:
    assert 0.2 < len(piper.synthesize("yes", 8000)) / 8000 < 1.0


def test_sentences_are_joined_with_a_pause(piper: PiperSynthesizer) -> None:
    one = len(piper.synthesize("Yes.", 8000))
    two = len(piper.synthesize("Yes. Yes.", 8000))
    assert two > 1.5 * one


def test_punctuation_alone_gives_no_sound(piper: PiperSynthesizer) -> None:
    assert len(piper.synthesize("...", 8000)) == 0
    assert len(piper.synthesize("", 8000)) == 0


def test_a_text_without_end_is_refused(piper: PiperSynthesizer) -> None:
    with pytest.raises(SpeechError, match=str(LONGEST_TEXT)):
        piper.synthesize("a " * LONGEST_TEXT, 8000)


def test_the_engine_and_the_settings_name_the_voice_alike(piper: PiperSynthesizer) -> None:
    assert piper.voice == voice_name("piper", "", Language("en-US"))
    assert piper.language == "en-US"
    assert dict(synthesizer_spec("piper", "", Language("en-US")).options) == {"voice": ""}


def test_a_failure_inside_piper_becomes_a_speech_error(
    piper: PiperSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(text: str) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(piper._piper, "synthesize", fail)
    with pytest.raises(SpeechError) as caught:
        piper.synthesize("a secret number", 8000)
    assert "secret" not in str(caught.value)


def test_a_missing_voice_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.onnx: no such file"):
        PiperSynthesizer(str(tmp_path / "gone.onnx"))


@pytest.mark.parametrize("config", ["{}", "no json", '{"audio": {"sample_rate": 8000}}'])
def test_a_file_that_is_no_voice_is_refused(tmp_path: Path, config: str) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"not a network")
    (tmp_path / "bad.onnx.json").write_text(config)
    with pytest.raises(ModelError, match="not a"):
        PiperSynthesizer(str(tmp_path / "bad.onnx"))
