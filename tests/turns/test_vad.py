from __future__ import annotations

import numpy as np
import pytest
import soundfile

from tests.turns.conftest import PROMPTS
from voicebot.media import g711
from voicebot.media.frames import frames_of, silence
from voicebot.media.resample import resample
from voicebot.media.tones import BUSY, RINGBACK, comfort_noise, render
from voicebot.turns.silero import Silero
from voicebot.turns.vad import RelativeLevel, VoiceActivityDetector
from voicebot.types import Samples

RATES = (8000, 16000)


def flags(samples: Samples, rate: int = 8000) -> list[bool]:
    detector = VoiceActivityDetector(rate)
    return [detector.feed(frame) for frame in frames_of(samples, rate)]


def prompt(name: str, rate: int) -> Samples:
    file = PROMPTS / f"{name}.wav"
    if not file.is_file():
        pytest.skip("needs Debian's asterisk-core-sounds-en-wav")
    samples, file_rate = soundfile.read(file, dtype="int16")
    return resample(samples, file_rate, rate)


def soft_in_noise(voice: Samples) -> Samples:
    """A second of noise, then the voice about 12 dB above it."""
    noise = comfort_noise(8000, 1.0 + len(voice) / 8000, level_dbfs=-50.0)
    noise[8000:] += (voice // 10)[: len(noise) - 8000]
    return noise


@pytest.mark.parametrize("rate", RATES)
def test_silence_is_no_speech(rate: int) -> None:
    assert not any(flags(np.zeros(rate * 2, np.int16), rate))


@pytest.mark.parametrize("level_dbfs", [-65.0, -50.0, -35.0])
def test_steady_noise_is_no_speech(level_dbfs: float) -> None:
    assert not any(flags(comfort_noise(8000, 3.0, level_dbfs)))


@pytest.mark.parametrize("tone", [RINGBACK, BUSY])
def test_tones_are_no_speech(tone: object) -> None:
    assert not any(flags(render(tone, 8000, 4.0)))  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", RATES)
def test_a_human_voice_is_speech(rate: int) -> None:
    found = flags(prompt("agent-newlocation", rate), rate)
    assert sum(found) / len(found) > 0.5


def test_a_human_voice_through_a_telephone_is_speech() -> None:
    voice = g711.pass_through(prompt("agent-newlocation", 8000), "PCMA")
    assert sum(flags(voice)) / (len(voice) / 160) > 0.5


def test_a_soft_voice_is_speech_too() -> None:
    loud = prompt("agent-newlocation", 8000)
    soft = (loud // 8).astype(np.int16)
    assert sum(flags(soft)) > 0.6 * sum(flags(loud))


def test_speech_ends_soon_after_the_voice() -> None:
    voice = prompt("digits/4", 8000)
    level = np.abs(voice.astype(int))
    voice = voice[: np.flatnonzero(level > level.max() / 30)[-1]]
    found = flags(np.concatenate((voice, np.zeros(8000, np.int16))))
    last = max(index for index, speech in enumerate(found) if speech)
    assert abs((last + 1) * 160 - len(voice)) <= 0.1 * 8000


def test_silero_rests_while_the_gate_is_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    original = Silero.probability

    def counting(self: Silero, chunk: Samples) -> float:
        nonlocal calls
        calls += 1
        return original(self, chunk)

    monkeypatch.setattr(Silero, "probability", counting)
    flags(comfort_noise(8000, 10.0))
    assert calls == 0
    voice = prompt("digits/4", 8000)
    flags(np.concatenate((voice, np.zeros(80_000, np.int16))))
    assert 0 < calls <= len(voice) / 256 + 5


def test_a_gate_that_opens_late_makes_silero_catch_up_on_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = 0

    def counting(self: Silero, chunk: Samples) -> float:
        nonlocal steps
        steps += 1
        return 0.0

    monkeypatch.setattr(Silero, "probability", counting)
    detector = VoiceActivityDetector(8000)
    most = 0
    line = np.concatenate((comfort_noise(8000, 20.0), prompt("digits/4", 8000)))
    for frame in frames_of(line, 8000):
        steps = 0
        detector.feed(frame)
        most = max(most, steps)
    assert 2 <= most <= 4


def test_what_was_confirmed_before_a_silence_counts_no_more_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probability = 1.0
    monkeypatch.setattr(Silero, "probability", lambda self, chunk: probability)
    detector = VoiceActivityDetector(8000)
    voice = prompt("digits/4", 8000)
    before = [detector.feed(frame) for frame in frames_of(voice, 8000)]
    assert any(before)
    for frame in frames_of(comfort_noise(8000, 1.0), 8000):
        detector.feed(frame)
    probability = 0.55  # enough to go on, not to begin
    after = [detector.feed(frame) for frame in frames_of(soft_in_noise(voice), 8000)]
    assert not any(after)


def test_a_soft_voice_after_a_loud_one_is_heard() -> None:
    loud = prompt("agent-newlocation", 8000)
    soft = (loud // 14).astype(np.int16)
    pause = comfort_noise(8000, 1.0, level_dbfs=-75.0)
    after_loud = flags(np.concatenate((loud, pause, soft)))[-(len(soft) // 160) :]
    alone = flags(np.concatenate((pause, soft)))
    assert sum(after_loud) >= 0.8 * sum(alone) > 40


def test_a_frame_without_sound_is_no_speech_whatever_silero_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Silero, "probability", lambda self, chunk: 1.0)
    voice = prompt("digits/4", 8000)[: 30 * 160]
    found = flags(np.concatenate((voice, np.zeros(1600, np.int16))))
    assert any(found[:30])
    assert not any(found[30:])


def test_silero_in_doubt_is_believed_only_where_the_sound_is_clear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probability = 0.4
    monkeypatch.setattr(Silero, "probability", lambda self, chunk: probability)
    loud = prompt("digits/4", 8000)
    assert any(flags(loud))
    assert not any(flags(soft_in_noise(loud)))
    probability = 0.7
    assert any(flags(soft_in_noise(loud)))


def test_detectors_of_two_calls_do_not_mix() -> None:
    voice = prompt("agent-newlocation", 8000)
    one, other = VoiceActivityDetector(8000), VoiceActivityDetector(8000)
    found = []
    for frame in frames_of(voice, 8000):
        found.append(one.feed(frame))
        other.feed(silence(8000))
    assert found == flags(voice)


# The level against the noise


def test_the_noise_is_learnt_at_once_when_it_is_low() -> None:
    level = RelativeLevel()
    level.stands_out(-50.0)
    assert level.stands_out(-45.0)
    assert not level.stands_out(-48.0)


def test_noise_that_rises_is_taken_for_noise_after_a_while() -> None:
    level = RelativeLevel()
    level.stands_out(-50.0)
    stood_out = [level.stands_out(-40.0) for _ in range(200)]
    assert stood_out[0]
    assert not stood_out[-1]


def test_while_the_caller_speaks_softer_sounds_behind_do_not_stand_out() -> None:
    level = RelativeLevel()
    level.stands_out(-50.0)
    assert level.stands_out(-42.0)
    level.hear_speech(-20.0)
    assert not level.stands_out(-42.0)
    assert level.stands_out(-36.0)
    level.forget_speech()
    assert level.stands_out(-42.0)


def test_nothing_below_the_floor_stands_out() -> None:
    level = RelativeLevel()
    level.stands_out(-100.0)
    assert not level.stands_out(-56.0)
    assert level.stands_out(-54.0)


def test_only_what_is_far_above_the_noise_is_clear() -> None:
    level = RelativeLevel()
    level.stands_out(-50.0)
    assert level.is_clear(-20.0)
    assert not level.is_clear(-30.0)


@pytest.mark.parametrize("silent_frames", [1, 7, 8, 9, 50])
def test_nothing_is_lost_of_what_is_resampled_later(
    silent_frames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = soft_in_noise(prompt("agent-newlocation", 8000))[8000 - 160 * silent_frames :]
    found = flags(voice)
    monkeypatch.setattr("voicebot.turns.vad._LEFT", 1)
    assert any(found)
    assert found == flags(voice)
