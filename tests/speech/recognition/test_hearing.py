"""The engine on human speech over a telephone line."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.speech.recognition.conftest import GrammarMaker, Speaker
from voicebot.errors import AudioError
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.store import GrammarStore
from voicebot.media import g711
from voicebot.media.resample import resample
from voicebot.speech.audio_file import read_speech
from voicebot.speech.moonshine.engine import MoonshineRecognizer
from voicebot.types import Json, Samples

pytestmark = pytest.mark.model

GRAMMARS = Path(__file__).parents[3] / "benchmarks/grammars"


@pytest.fixture(scope="module")
def digits() -> ActiveGrammar:
    """Four to eight digits."""
    return GrammarStore(GRAMMARS).active(["digits"])


def _number(number: str) -> list[str]:
    return [f"digits/{digit}" for digit in number]


@pytest.mark.parametrize("number", ["1044", "90210", "375286", "80011223"])
def test_number_said_digit_by_digit(
    recognizer: MoonshineRecognizer, say: Speaker, digits: ActiveGrammar, number: str
) -> None:
    heard = recognizer.recognize(say(_number(number)), 8000, digits)
    assert heard.match
    assert heard.best is not None
    assert heard.best.semantics == number
    assert heard.complete
    assert heard.can_continue == (len(number) < 8)
    assert heard.confidence == heard.best.confidence > 0.8


def test_number_broken_off_is_not_complete(
    recognizer: MoonshineRecognizer, say: Speaker, digits: ActiveGrammar
) -> None:
    heard = recognizer.recognize(say(_number("731")), 8000, digits)
    assert not heard.match
    assert not heard.complete
    assert heard.can_continue


def test_number_with_more_digits_than_the_grammar_takes_is_rejected(
    recognizer: MoonshineRecognizer, say: Speaker
) -> None:
    four = GrammarStore(GRAMMARS).active(["builtin:digits?length=4"])
    assert recognizer.recognize(say(_number("6156")), 8000, four).match
    assert not recognizer.recognize(say(_number("61568")), 8000, four).match


def test_words_after_the_sentence_make_it_no_match(
    recognizer: MoonshineRecognizer, say: Speaker, grammar: GrammarMaker
) -> None:
    active = grammar("seven | eleven")
    assert recognizer.recognize(say(["digits/7"]), 8000, active).match
    assert not recognizer.recognize(say(["digits/7", "vm-goodbye"]), 8000, active).match


@pytest.mark.parametrize("name", ["tt-monkeys", "vm-goodbye", "demo-thanks", "agent-pass"])
def test_speech_from_outside_the_grammar_is_rejected(
    recognizer: MoonshineRecognizer, say: Speaker, digits: ActiveGrammar, name: str
) -> None:
    heard = recognizer.recognize(say([name]), 8000, digits)
    assert not heard.match
    assert heard.confidence < 0.5


def test_rejected_speech_still_says_what_it_sounded_like(
    recognizer: MoonshineRecognizer, say: Speaker, grammar: GrammarMaker
) -> None:
    heard = recognizer.recognize(say(["vm-goodbye"]), 8000, grammar("seven | eleven"))
    assert not heard.match
    assert "bye" in heard.free_text.lower()


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs the Debian package espeak-ng")
def test_lone_word_is_not_lost_among_the_beginnings_of_long_sentences(
    recognizer: MoonshineRecognizer, tmp_path: Path
) -> None:
    """Heard freely it is 'Till.', and the demo has sentences that begin with 'tell'."""
    file = tmp_path / "help.wav"
    command = ["espeak-ng", "-v", "en-us+m3", "-s", "150", "-w", str(file), "help"]
    subprocess.run(command, check=True, capture_output=True)
    spoken, rate = soundfile.read(file, dtype="int16")
    audio = np.concatenate([np.zeros(2400, np.int16), resample(spoken, rate, 8000)])
    demo = GrammarStore(Path(__file__).parents[3] / "grammars").active(["commands", "request"])
    heard = recognizer.recognize(g711.pass_through(audio), 8000, demo)
    assert heard.best is not None
    assert heard.best.semantics == "help"


def test_keyword_is_found_in_a_sentence(
    recognizer: MoonshineRecognizer, say: Speaker, grammar: GrammarMaker
) -> None:
    audio = say(["please-try-again"])
    plain, spotting = grammar("try | help"), grammar("$GARBAGE (try | help) $GARBAGE")
    assert not recognizer.recognize(audio, 8000, plain).match
    heard = recognizer.recognize(audio, 8000, spotting)
    assert heard.match
    assert heard.best is not None
    assert heard.best.text == "please try again"
    assert not recognizer.recognize(say(["vm-goodbye"]), 8000, spotting).match


def test_digit_is_no_answer_to_yes_or_no(
    recognizer: MoonshineRecognizer, data: Path, grammar: GrammarMaker
) -> None:
    boolean = GrammarStore(GRAMMARS).active(["builtin:boolean"])
    files = sorted((data / "digits").glob("9_*.flac"))
    accepted = [recognizer.recognize(*_telephone(file), boolean).match for file in files]
    assert len(files) >= 20
    assert sum(accepted) <= len(files) // 5


def test_rival_that_the_grammar_holds_is_none(
    recognizer: MoonshineRecognizer, say: Speaker, grammar: GrammarMaker
) -> None:
    audio = say(["digits/9"])
    alone = recognizer.recognize(audio, 8000, grammar("no"))
    both = recognizer.recognize(audio, 8000, grammar("no | nine"))
    assert alone.confidence < 0.5 < both.confidence
    assert both.best is not None
    assert both.best.text == "nine"


def test_silence_is_no_match_and_may_go_on(
    recognizer: MoonshineRecognizer, digits: ActiveGrammar
) -> None:
    heard = recognizer.recognize(np.zeros(8000, np.int16), 8000, digits)
    assert (heard.match, heard.complete, heard.can_continue) == (False, False, True)
    assert heard.nbest == ()
    assert heard.free_text == ""


def test_noise_is_no_match(recognizer: MoonshineRecognizer, grammar: GrammarMaker) -> None:
    noise = np.random.default_rng(2).normal(0, 2000, 16_000).astype(np.int16)
    assert not recognizer.recognize(noise, 8000, grammar("yes | no")).match


def test_nbest_gives_other_meanings_best_first(
    recognizer: MoonshineRecognizer, say: Speaker, grammar: GrammarMaker
) -> None:
    active = grammar("five | nine | (one | won)")
    heard = recognizer.recognize(say(["digits/9"]), 8000, active, nbest=3)
    assert heard.best is not None
    assert heard.best.text == "nine"
    scores = [hypothesis.score for hypothesis in heard.nbest]
    assert scores == sorted(scores, reverse=True)
    assert len({json.dumps(hypothesis.semantics) for hypothesis in heard.nbest}) == len(scores)


def test_long_number_arrives_whole(recognizer: MoonshineRecognizer, say: Speaker) -> None:
    number = "4385446517797236"
    active = GrammarStore(GRAMMARS).active(["builtin:digits?length=16"])
    audio = np.concatenate([say(_number(number[:8])), say(_number(number[8:]))])
    assert len(audio) / 8000 > 10
    heard = recognizer.recognize(audio, 8000, active)
    assert heard.match
    assert heard.best is not None
    assert heard.best.semantics == number
    assert not heard.can_continue


def test_very_long_speech_is_no_match_but_is_heard(
    recognizer: MoonshineRecognizer, say: Speaker, digits: ActiveGrammar
) -> None:
    heard = recognizer.recognize(say(["basic-pbx-ivr-main"]), 8000, digits)
    assert not heard.match
    assert "customer" in heard.free_text


def test_minutes_of_audio_are_no_answer(
    recognizer: MoonshineRecognizer, digits: ActiveGrammar
) -> None:
    with pytest.raises(AudioError, match="600 s long; an answer has at most 60 s"):
        recognizer.recognize(np.ones(600 * 8000, np.int16), 8000, digits)


def test_numbers_that_are_none_are_refused(
    recognizer: MoonshineRecognizer, digits: ActiveGrammar
) -> None:
    with pytest.raises(AudioError, match="16-bit"):
        recognizer.recognize(np.full(8000, np.nan), 8000, digits)


def test_level_does_not_matter(
    recognizer: MoonshineRecognizer, say: Speaker, digits: ActiveGrammar
) -> None:
    audio = say(_number("41975"))
    for gain in (0.03, 1.0, 4.0):
        loud = np.clip(audio * gain, -32768, 32767).astype(np.int16)
        heard = recognizer.recognize(loud, 8000, digits)
        assert heard.best is not None
        assert heard.best.semantics == "41975"


def test_long_audio_is_transcribed_in_pieces(recognizer: MoonshineRecognizer, say: Speaker) -> None:
    transcript = recognizer.transcribe(say(["basic-pbx-ivr-main"]), 8000)
    assert {"thank", "extension", "accounting", "operator", "company"} <= set(transcript.words)
    assert transcript.audio_seconds > 20


def test_grammar_may_come_from_another_process(
    recognizer: MoonshineRecognizer, say: Speaker, digits: ActiveGrammar
) -> None:
    copy = pickle.loads(pickle.dumps(digits))
    assert recognizer.recognize(say(_number("4711")), 8000, copy).match


def test_16_khz_is_taken_as_well(
    recognizer: MoonshineRecognizer, data: Path, grammar: GrammarMaker
) -> None:
    file = data / "commands/01a50d1b-ed05-4708-b076-5387ea170058.flac"
    samples, rate = read_speech(file)
    assert rate == 16_000
    heard = recognizer.recognize(samples, rate, GrammarStore(GRAMMARS).active(["coffee"]))
    assert heard.best is not None
    assert (
        heard.best.semantics == json.loads((data / "commands/labels.json").read_text())[file.name]
    )


def test_unusable_audio_is_refused(recognizer: MoonshineRecognizer, digits: ActiveGrammar) -> None:
    with pytest.raises(AudioError, match="22050 Hz"):
        recognizer.recognize(np.zeros(100, np.int16), 22_050, digits)


def test_isolated_digits_of_the_development_set(
    recognizer: MoonshineRecognizer, data: Path
) -> None:
    active = GrammarStore(GRAMMARS).active(["digit"])
    files = sorted((data / "digits").glob("*_[27].flac"))
    right = sum(_heard(recognizer, file, active) == file.name[0] for file in files)
    assert len(files) == 40
    assert right >= 38


def test_spoken_orders_of_the_development_set(recognizer: MoonshineRecognizer, data: Path) -> None:
    active = GrammarStore(GRAMMARS).active(["coffee"])
    labels = json.loads((data / "commands/labels.json").read_text())
    some = sorted(labels)[::6]
    right = sum(
        _heard(recognizer, data / "commands" / name, active) == labels[name] for name in some
    )
    assert right >= len(some) - 1


def _telephone(file: Path) -> tuple[Samples, int]:
    return read_speech(file, telephone=True)


def _heard(recognizer: MoonshineRecognizer, file: Path, active: ActiveGrammar) -> Json:
    samples: Samples
    samples, rate = read_speech(file, telephone=True)
    heard = recognizer.recognize(samples, rate, active)
    return heard.best.semantics if heard.best else None
