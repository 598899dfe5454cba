"""A person or a machine: short greetings, long ones, beeps, and what only sounds like a beep."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.media.resample import resample
from voicebot.turns.answered_by import AnsweredBy, BeepFinder, Screening, ScreeningPolicy
from voicebot.turns.vad import VoiceActivityDetector
from voicebot.types import Samples

RATE = 8000
FLITE = shutil.which("flite")

MACHINE = (
    "Hi, you have reached the voice mail of Anna Miller. I am not able to take your call right "
    "now. Please leave your name and number after the tone."
)


def tone(*hertz: float, seconds: float, level: float = 6000) -> Samples:
    times = np.arange(round(RATE * seconds)) / RATE
    wave = sum((np.sin(2 * np.pi * each * times) for each in hertz), np.zeros(len(times)))
    return (level * wave / max(1, len(hertz))).astype(np.int16)


def quiet(seconds: float) -> Samples:
    noise = np.random.default_rng(1).normal(0, 12, round(RATE * seconds))
    return noise.astype(np.int16)


def voice(seconds: float) -> Samples:
    """Something that a scripted detector calls speech: noise as loud as a voice."""
    noise = np.random.default_rng(2).normal(0, 3000, round(RATE * seconds))
    return noise.astype(np.int16)


def screened(
    *parts: Samples, policy: ScreeningPolicy | None = None, rate: int = RATE
) -> tuple[AnsweredBy | None, float | None]:
    """Who it is, and after how many seconds it is our turn; loud frames count as speech."""
    screening = Screening(rate, policy)
    sound = np.concatenate(parts)
    length = rate // 50
    for n in range(len(sound) // length):
        frame = sound[n * length : (n + 1) * length]
        screening.take(frame, bool(np.abs(frame).max() > 500))
        if screening.over:
            return screening.answered_by, (n + 1) * 0.02
    return screening.answered_by, None


def test_a_short_hello_and_silence_is_a_person() -> None:
    who, ours_at = screened(quiet(0.5), voice(0.6), quiet(2))
    assert who is AnsweredBy.PERSON
    assert ours_at == pytest.approx(1.9, abs=0.1)


def test_two_short_words_are_one_greeting() -> None:
    assert screened(voice(0.5), quiet(0.4), voice(0.7), quiet(2))[0] is AnsweredBy.PERSON


def test_somebody_who_speaks_on_is_a_machine_and_our_turn_is_after_its_beep() -> None:
    who, ours_at = screened(voice(5), quiet(0.5), tone(1000, seconds=0.4), quiet(2))
    assert who is AnsweredBy.MACHINE
    assert ours_at == pytest.approx(5.9, abs=0.1)


def test_a_short_greeting_with_a_beep_is_a_machine() -> None:
    who, ours_at = screened(voice(1), quiet(0.3), tone(1400, seconds=0.5), quiet(2))
    assert who is AnsweredBy.MACHINE
    assert ours_at == pytest.approx(1.8, abs=0.1)


def test_a_machine_without_a_beep_is_spoken_to_when_it_has_been_silent() -> None:
    who, ours_at = screened(voice(4), quiet(5))
    assert who is AnsweredBy.MACHINE
    assert ours_at == pytest.approx(7.0, abs=0.1)


def test_a_machine_that_never_stops_is_waited_for_only_so_long() -> None:
    who, ours_at = screened(voice(20), policy=ScreeningPolicy(beep_timeout_s=6))
    assert who is AnsweredBy.MACHINE
    assert ours_at == pytest.approx(8.2, abs=0.2)


def test_silence_is_nobody_knows() -> None:
    who, ours_at = screened(quiet(6))
    assert who is AnsweredBy.UNKNOWN
    assert ours_at == pytest.approx(4.0, abs=0.1)


def test_a_beep_before_any_speech_says_nothing() -> None:
    assert screened(tone(1000, seconds=0.5), quiet(6))[0] is AnsweredBy.UNKNOWN


@pytest.mark.parametrize("hertz", [440.0, 850.0, 1000.0, 1400.0, 1950.0])
@pytest.mark.parametrize("rate", [8000, 16000])
def test_beeps_of_200_ms_are_found(hertz: float, rate: int) -> None:
    finder = BeepFinder(rate)
    times = np.arange(round(rate * 0.24)) / rate
    beep = (5000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16)
    sound = np.concatenate([np.zeros(rate // 10, np.int16), beep])
    length = rate // 50
    found = []
    for n in range(len(sound) // length):
        finder.is_tone(sound[n * length : (n + 1) * length])
        found.append(finder.found)
    assert any(found)


@pytest.mark.parametrize(
    "sound",
    [
        tone(770, 1336, seconds=0.6),  # the key 5
        tone(300, seconds=0.6),
        tone(2600, seconds=0.6),
        tone(1000, seconds=0.12),
        tone(1000, seconds=0.6, level=100),
        voice(2),
    ],
    ids=["a key", "too low", "too high", "too short", "too soft", "noise"],
)
def test_what_is_no_beep_is_not_taken_for_one(sound: Samples) -> None:
    finder = BeepFinder(RATE)
    found = []
    for n in range(len(sound) // 160):
        finder.is_tone(sound[n * 160 : (n + 1) * 160])
        found.append(finder.found)
    assert not any(found)


def spoken(text: str, voice_name: str, folder: Path) -> Samples:
    assert FLITE is not None
    file = folder / "said.wav"
    subprocess.run([FLITE, "-voice", voice_name, "-t", text, "-o", str(file)], check=True)
    sound, rate = soundfile.read(file, dtype="int16")
    return resample(sound, rate, RATE)


def heard(sound: Samples) -> AnsweredBy | None:
    """With the detector that calls are screened with."""
    screening = Screening(RATE)
    detector = VoiceActivityDetector(RATE)
    for n in range(len(sound) // 160):
        frame = sound[n * 160 : (n + 1) * 160]
        screening.take(frame, detector.feed(frame))
        if screening.over:
            break
    return screening.answered_by


@pytest.mark.skipif(FLITE is None, reason="flite is not installed (Debian: flite)")
@pytest.mark.parametrize("name", ["kal", "slt", "awb", "rms"])
def test_synthetic_voices_are_told_apart(name: str, tmp_path: Path) -> None:
    machine = spoken(MACHINE, name, tmp_path)
    beep = tone(1000, seconds=0.4)
    assert heard(np.concatenate([quiet(0.5), machine, quiet(0.4), beep, quiet(2)])) is (
        AnsweredBy.MACHINE
    )
    for hello in ("Hello?", "Miller.", "Hello, this is Anna."):
        person = spoken(hello, name, tmp_path)
        assert heard(np.concatenate([quiet(0.5), person, quiet(3)])) is AnsweredBy.PERSON, hello
