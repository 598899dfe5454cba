"""Recorded people on a telephone line: detector and turn-taker together, each utterance once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.turns.conftest import DATA, PROMPTS, menu
from voicebot.media import g711
from voicebot.media.frames import frames_of, level_dbfs
from voicebot.media.resample import resample
from voicebot.turns.signals import (
    FrameHeard,
    ListenStarted,
    PromptStarted,
    SpeechEnded,
    StopPrompt,
    TurnPolicy,
)
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import VoiceActivityDetector
from voicebot.types import Samples

RATE = 8000
BEFORE_S = 1.0
LISTEN = ListenStarted(TurnPolicy(timeout_ms=600_000, incompletetimeout_ms=1200), menu)


def recordings(folder: Path, pattern: str, step: int = 1) -> list[Path]:
    files = [file for file in sorted(folder.glob(pattern)) if "noise" not in file.name]
    if not files:
        pytest.skip(f"no recordings {pattern} in {folder.name}")
    return files[::step]


def on_the_telephone(file: Path) -> Samples:
    samples, rate = soundfile.read(file, dtype="int16")
    return g711.pass_through(np.ascontiguousarray(resample(samples, rate, RATE)))


def in_silence(*parts: Samples | float) -> Samples:
    """Recordings and pauses (in seconds), after one second and before three of line noise."""
    noise = np.random.default_rng(1)
    pieces = [
        part
        if isinstance(part, np.ndarray)
        else (noise.standard_normal(round(part * RATE)) * 4).astype(np.int16)
        for part in (BEFORE_S, *parts, 3.0)
    ]
    return np.concatenate(pieces)


def utterances(line: Samples) -> list[SpeechEnded]:
    """What the turn-taker makes of the line when no decode ever arrives."""
    detector, turns = VoiceActivityDetector(RATE), TurnTaker()
    turns.receive(LISTEN, 0.0)
    found = []
    for index, frame in enumerate(frames_of(line, RATE)):
        now = (index + 1) * 0.02
        for effect in turns.receive(FrameHeard(detector.feed(frame)), now):
            if isinstance(effect, SpeechEnded):
                found.append(effect)
                turns.receive(LISTEN, now)
    return found


def end_by_energy(speech: Samples) -> float:
    """The end of the last 10 ms that are less than 32 dB below the loudest, in seconds."""
    levels = np.array([level_dbfs(speech[i : i + 80]) for i in range(0, len(speech) - 79, 80)])
    loud = np.flatnonzero(levels > max(levels.max() - 32, -50))
    return float(loud[-1] + 1) * 0.01


def end_errors(files: list[Path]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Seconds from the end by energy to the end found, for each file's only utterance."""
    errors = []
    for file in files:
        speech = on_the_telephone(file)
        found = utterances(in_silence(speech))
        assert len(found) == 1, f"{len(found)} utterances in {file.name}"
        errors.append(found[0].end - BEFORE_S - end_by_energy(speech))
    return np.array(errors)


def test_each_spoken_digit_is_one_utterance_that_ends_with_the_voice() -> None:
    errors = np.abs(end_errors(recordings(DATA / "digits", "*.flac", step=2)))
    assert np.median(errors) <= 0.06
    assert np.quantile(errors, 0.9) <= 0.1


def test_each_spoken_order_is_one_utterance_that_ends_with_the_voice() -> None:
    errors = np.abs(end_errors(recordings(DATA / "commands", "*.flac", step=2)))
    assert np.median(errors) <= 0.06
    assert np.quantile(errors, 0.9) <= 0.15


def test_each_recorded_number_word_is_one_utterance_that_ends_with_the_voice() -> None:
    files = recordings(PROMPTS / "digits", "[0-9]*.wav") + recordings(PROMPTS, "vm-*.wav", step=4)
    short = [file for file in files if soundfile.info(file).duration < 3.0]
    errors = np.abs(end_errors(short))
    assert np.median(errors) <= 0.06
    assert np.quantile(errors, 0.9) <= 0.15


@pytest.mark.parametrize("pause_s", [0.3, 0.5, 0.8])
def test_a_pause_between_words_does_not_cut_the_utterance(pause_s: float) -> None:
    files = recordings(DATA / "digits", "*.flac", step=7)[:24]
    words = [on_the_telephone(file) for file in files]
    for first, second, third in zip(words[::3], words[1::3], words[2::3], strict=True):
        assert len(utterances(in_silence(first, pause_s, second, pause_s, third))) == 1


def test_two_phrases_far_apart_are_two_utterances() -> None:
    first, second = (on_the_telephone(file) for file in recordings(DATA / "commands", "*.flac")[:2])
    assert len(utterances(in_silence(first, 3.0, second))) == 2


def with_noise(line: Samples, noise: Samples, snr_db: float) -> Samples:
    speech_power = np.mean(line[RATE : -3 * RATE].astype(float) ** 2)
    looped = np.resize(noise, len(line)).astype(float)
    gain = np.sqrt(speech_power / np.mean(looped**2) / 10 ** (snr_db / 10))
    mixed: Samples = np.clip(line + looped * gain, -32768, 32767).astype(np.int16)
    return mixed


def test_orders_in_a_kitchen_are_found_in_one_piece() -> None:
    files = recordings(DATA / "commands", "*.flac", step=6)
    noise = on_the_telephone(DATA / "commands" / "noise-kitchen-60s.flac")
    once = 0
    for index, file in enumerate(files):
        line = in_silence(on_the_telephone(file))
        shifted = np.roll(noise, -index * 2 * RATE)
        once += len(utterances(with_noise(line, shifted, snr_db=15.0))) == 1
    assert once / len(files) >= 0.9


def test_a_minute_of_kitchen_noise_is_hardly_ever_speech() -> None:
    file = DATA / "commands" / "noise-kitchen-60s.flac"
    if not file.is_file():
        pytest.skip("no kitchen noise")
    assert len(utterances(in_silence(on_the_telephone(file)))) <= 3


def test_a_human_voice_stops_a_prompt_within_its_first_word() -> None:
    file = PROMPTS / "agent-newlocation.wav"
    if not file.is_file():
        pytest.skip("needs Debian's asterisk-core-sounds-en-wav")
    detector, turns = VoiceActivityDetector(RATE), TurnTaker()
    turns.receive(LISTEN, 0.0)
    turns.receive(PromptStarted(bargein=True), 0.0)
    stopped = None
    for index, frame in enumerate(frames_of(in_silence(on_the_telephone(file)), RATE)):
        effects = turns.receive(FrameHeard(detector.feed(frame)), (index + 1) * 0.02)
        if StopPrompt("speech") in effects:
            stopped = (index + 1) * 0.02
            break
    assert stopped is not None
    assert BEFORE_S < stopped < BEFORE_S + 0.5
