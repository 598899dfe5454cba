"""espeak-ng through pyttsx3, really speaking."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from pyttsx3.engine import Engine

from voicebot.errors import ModelError, SpeechError
from voicebot.speech import level, pyttsx3
from voicebot.speech.pyttsx3 import Pyttsx3Synthesizer
from voicebot.speech.voices import voice_name
from voicebot.types import Language

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en-US", "Order four two, seven one."),
        ("de-DE", "Guten Tag, wie kann ich helfen?"),
        ("ko-KR", "영업 시간"),
        ("zh-CN", "你好"),
        ("nb-NO", "Hei"),
        ("fr", "Bonjour"),
    ],
)
def test_many_languages_are_spoken_at_one_level(language: str, text: str) -> None:
    samples = Pyttsx3Synthesizer(language=Language(language)).synthesize(text, 8000)
    signal = samples.astype(np.float32) / 32768
    assert level.speech_level_dbfs(signal, 8000) == pytest.approx(level.TARGET_DBFS, abs=1)
    assert 0.2 < len(samples) / 8000 < 4


def test_two_voices_in_one_process_keep_to_their_language() -> None:
    english = Pyttsx3Synthesizer(language=Language("en-US"))
    german = Pyttsx3Synthesizer(language=Language("de-DE"))
    # The letter has three syllables in English and one in German. espeak-ng is never quite as long.
    before = len(english.synthesize("W W W", 8000))
    assert len(german.synthesize("W W W", 8000)) < 0.75 * before
    assert len(english.synthesize("W W W", 8000)) > 0.85 * before


def test_it_can_be_asked_again_and_again() -> None:
    synthesizer = Pyttsx3Synthesizer()
    lengths = {len(synthesizer.synthesize("Yes.", 8000)) > 1000 for _ in range(30)}
    assert lengths == {True}


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    Pyttsx3Synthesizer().synthesize("Yes.", 8000)
    assert capfd.readouterr() == ("", "")


def test_a_long_text_is_spoken_to_its_end(capfd: pytest.CaptureFixture[str]) -> None:
    synthesizer = Pyttsx3Synthesizer(language=Language("zh-CN"))
    sentence = "你好，欢迎来电。请问您要办理什么业务？"
    one = len(synthesizer.synthesize(sentence, 8000))
    twelve = len(synthesizer.synthesize(12 * sentence, 8000))
    assert twelve > 11 * one
    assert capfd.readouterr() == ("", "")


def test_an_utterance_broken_off_leaves_the_next_one_alone(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    synthesizer = Pyttsx3Synthesizer()
    with monkeypatch.context() as patch:
        patch.setattr(pyttsx3, "_PATIENCE_S", 0.02)
        with pytest.raises(SpeechError, match="failed: TimeoutError"):
            synthesizer.synthesize(200 * "and on ", 8000)
    whole = len(synthesizer.synthesize("Yes.", 8000))
    gc.collect()
    assert len(synthesizer.synthesize("Yes.", 8000)) == pytest.approx(whole, rel=0.05)
    assert capfd.readouterr() == ("", "")


def test_punctuation_alone_gives_no_sound() -> None:
    assert len(Pyttsx3Synthesizer().synthesize("...", 8000)) == 0


def test_an_unknown_voice_or_language_is_refused() -> None:
    with pytest.raises(ModelError, match="espeak-ng voice 'zork'"):
        Pyttsx3Synthesizer("zork")
    with pytest.raises(ModelError, match="espeak-ng voice 'qq-QQ'"):
        Pyttsx3Synthesizer(language=Language("qq-QQ"))


def test_a_voice_can_be_chosen_by_name() -> None:
    assert len(Pyttsx3Synthesizer("en-gb-scotland").synthesize("Yes.", 8000)) > 1000


def test_the_engine_and_the_settings_name_the_voice_alike() -> None:
    german = Language("de-DE")
    assert Pyttsx3Synthesizer(language=german).voice == voice_name("pyttsx3", "", german)


def test_an_engine_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    synthesizer = Pyttsx3Synthesizer()
    monkeypatch.setattr(pyttsx3, "_PATIENCE_S", 0.05)
    monkeypatch.setattr("pyttsx3.drivers._espeak.Synth", lambda *_args, **_names: 1)
    with pytest.raises(SpeechError, match="failed: TimeoutError"):
        synthesizer.synthesize("Yes.", 8000)


def test_whatever_pyttsx3_raises_becomes_a_speech_error(monkeypatch: pytest.MonkeyPatch) -> None:
    synthesizer = Pyttsx3Synthesizer()

    def fail(*_args: object) -> None:
        raise AssertionError("a secret number")

    monkeypatch.setattr(Engine, "save_to_file", fail)
    with pytest.raises(SpeechError) as caught:
        synthesizer.synthesize("Yes.", 8000)
    assert "secret" not in str(caught.value)
