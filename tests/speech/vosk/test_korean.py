"""The engine with the real Korean model, hearing a synthetic voice."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.speech.vosk.conftest import GrammarMaker, Speaker
from voicebot.errors import AudioError, ModelError
from voicebot.media import g711
from voicebot.media.resample import resample
from voicebot.speech.vosk.engine import VoskRecognizer, _fill_upper_band
from voicebot.types import Samples

pytestmark = pytest.mark.model

ANSWERS = "네 {yes} | 하나 {one} | 환불 {refund} | 영업시간 {hours}"
SILENCE = np.zeros(3200, np.int16)


def test_telephone_audio_has_an_upper_band_and_blocks_do_not_show() -> None:
    tone = (8000 * np.sin(np.arange(3200) * 2 * np.pi * 1000 / 16_000)).astype(np.int16)
    whole = _fill_upper_band(tone, 0)
    parts = [_fill_upper_band(tone[:777], 0), _fill_upper_band(tone[777:], 777)]
    assert np.array_equal(whole, np.concatenate(parts))
    spectrum = np.abs(np.fft.rfft(whole))
    mirrored = 20 * np.log10(spectrum[1400] / spectrum[200])
    assert mirrored == pytest.approx(-16, abs=0.1)


@pytest.mark.parametrize(
    "said, speed, meant",
    [
        ("네", 175, "yes"),
        ("하나", 110, "one"),
        ("환불", 175, "refund"),
        ("영업 시간", 175, "hours"),
    ],
)
def test_answer_is_the_best_reading(
    recognizer: VoskRecognizer,
    grammar: GrammarMaker,
    say: Speaker,
    said: str,
    speed: int,
    meant: str,
) -> None:
    speech = say(said, speed)
    result = recognizer.recognize(speech, 16_000, grammar(ANSWERS), nbest=3)
    assert result.best is not None
    assert result.best.semantics == meant
    assert (result.complete, result.can_continue) == (True, False)
    assert result.audio_seconds == pytest.approx(len(speech) / 16_000)


@pytest.mark.parametrize("said, meant", [("네", "yes"), ("하나", "one"), ("환불", "refund")])
def test_answer_is_heard_over_the_telephone(
    recognizer: VoskRecognizer, grammar: GrammarMaker, say: Speaker, said: str, meant: str
) -> None:
    speech = g711.pass_through(resample(say(said, 110), 16_000, 8000))
    result = recognizer.recognize(speech, 8000, grammar(ANSWERS))
    assert result.best is not None
    assert result.best.semantics == meant


def test_accepted_answer_and_rejected_stranger(
    recognizer: VoskRecognizer, grammar: GrammarMaker, say: Speaker
) -> None:
    along = grammar(ANSWERS)
    assert recognizer.recognize(say("영업 시간"), 16_000, along).match
    stranger = recognizer.recognize(say("감사합니다 안녕히 계세요"), 16_000, along)
    assert not stranger.match
    assert stranger.free_text


def test_silence_and_nothing_are_no_match(
    recognizer: VoskRecognizer, grammar: GrammarMaker
) -> None:
    for audio in (SILENCE, SILENCE[:0]):
        result = recognizer.recognize(audio, 8000, grammar(ANSWERS))
        assert (result.match, result.nbest, result.free_text) == (False, (), "")


def test_one_caller_does_not_change_what_is_heard_of_the_next(
    recognizer: VoskRecognizer, grammar: GrammarMaker, say: Speaker
) -> None:
    along = grammar(ANSWERS)
    speech = say("영업 시간")
    before = recognizer.recognize(speech, 16_000, along)
    recognizer.recognize(say("네") // 20, 16_000, along)
    after = recognizer.recognize(speech, 16_000, along)
    assert after.best is not None
    assert before.best is not None
    assert after.best.text == before.best.text
    assert after.match == before.match


def test_partial_results_come_while_the_caller_speaks(
    recognizer: VoskRecognizer, grammar: GrammarMaker, say: Speaker
) -> None:
    speech = np.concatenate([say("영업 시간"), SILENCE])
    stream = recognizer.stream(16_000, grammar(ANSWERS))
    partials = []
    for at in range(0, len(speech), 1600):
        stream.feed(speech[at : at + 1600])
        partials.append(stream.partial())
    assert partials[0] == ()
    first = next(index for index, words in enumerate(partials) if words)
    assert first < len(partials) - 1
    result = stream.finish()
    assert result.best is not None
    assert result.best.semantics == "hours"
    assert result.audio_seconds == pytest.approx(len(speech) / 16_000)


def test_words_that_the_vocabulary_lacks_are_told(recognizer: VoskRecognizer) -> None:
    assert recognizer.unknown_words(["네", "영업시간", "voicemail", "16"]) == ("voicemail", "16")


def test_grammar_of_unknown_words_alone_is_no_match(
    recognizer: VoskRecognizer, grammar: GrammarMaker, say: Speaker
) -> None:
    result = recognizer.recognize(say("네"), 16_000, grammar("voicemail | help"))
    assert not result.match


def test_free_transcription_writes_words(recognizer: VoskRecognizer, say: Speaker) -> None:
    transcript = recognizer.transcribe(say("감사합니다"), 16_000)
    assert transcript.words
    assert recognizer.transcribe(SILENCE, 8000).text == ""


@pytest.mark.parametrize(
    "audio, rate",
    [
        (np.zeros(100, np.int16), 44_100),
        (np.full(100, np.nan), 8000),
        (np.zeros((100, 2), np.int16), 8000),
        (np.ones(8000 * 601, np.int16), 8000),
    ],
)
def test_audio_that_is_no_utterance_is_refused(
    recognizer: VoskRecognizer, grammar: GrammarMaker, audio: Samples, rate: int
) -> None:
    with pytest.raises(AudioError):
        recognizer.recognize(audio, rate, grammar(ANSWERS))


def test_vosk_writes_nothing_to_the_terminal(
    korean_model: Path, grammar: GrammarMaker, say: Speaker, capfd: pytest.CaptureFixture[str]
) -> None:
    VoskRecognizer(model=str(korean_model)).recognize(say("네"), 16_000, grammar("네 | voicemail"))
    assert capfd.readouterr() == ("", "")


def test_folder_without_a_model_is_told_with_the_way_out(tmp_path: Path) -> None:
    for model in ("", str(tmp_path), os.devnull):
        with pytest.raises(ModelError, match="voicebot models pull"):
            VoskRecognizer(model=model)
    (tmp_path / "am").mkdir()
    (tmp_path / "conf").mkdir()
    with pytest.raises(ModelError, match="cannot be loaded"):
        VoskRecognizer(model=str(tmp_path))
