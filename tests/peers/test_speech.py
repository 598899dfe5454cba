"""The caller's voice: recordings, other voices, noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.peers.speech import (
    digits,
    espeak,
    flite,
    mulaw,
    needs_espeak,
    needs_flite,
    needs_recordings,
    noise,
    said,
    sequence,
    silence,
    with_noise,
    write_ulaw,
)
from voicebot.cli.caller_voice import RATE, recorded_words, recording, trimmed, utter
from voicebot.media.frames import frames_of, level_dbfs
from voicebot.types import Samples


def _silent_ms(samples: Samples) -> list[int]:
    """How long each silence is between stretches of sound."""
    loud = [level_dbfs(frame) > -50 for frame in frames_of(samples, RATE)]
    runs, length = [], 0
    for is_loud in loud:
        if is_loud and length:
            runs.append(length * 20)
        length = 0 if is_loud else length + 1
    return runs


@needs_recordings
def test_a_number_is_read_with_natural_gaps() -> None:
    number = digits("4271")
    assert 1.5 < len(number) / RATE < 4.0
    assert all(silent < 400 for silent in _silent_ms(number))
    assert len(digits("4271", gap_ms=350)) == len(number) + 3 * 200 * RATE // 1000


@needs_recordings
def test_recorded_words_need_no_synthesis() -> None:
    assert utter("goodbye").voice == "recorded"
    assert len(said("hours 4")) > len(said("hours"))


@needs_recordings
def test_a_word_without_a_recording_is_not_half_said() -> None:
    assert recorded_words("4 zebras") is None


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "no such", ""])
def test_only_recordings_are_read(name: str) -> None:
    assert recording(name) is None


@needs_flite
def test_flite_speaks_at_telephone_rate() -> None:
    assert 0.5 < len(flite("where is my order")) / RATE < 3


@needs_espeak
def test_espeak_speaks_at_telephone_rate() -> None:
    assert 0.5 < len(espeak("where is my order")) / RATE < 3


def test_silence_is_cut_off_both_ends() -> None:
    tone = (np.sin(np.arange(RATE) / 3) * 9000).astype(np.int16)
    cut = trimmed(sequence(silence(500), tone, silence(700)))
    assert len(tone) < len(cut) <= len(tone) + RATE // 10


def test_silence_alone_stays_as_it_is() -> None:
    assert len(trimmed(silence(300))) == len(silence(300))


def test_noise_has_the_level_asked_for() -> None:
    assert level_dbfs(noise(1000, -30.0)) == pytest.approx(-30.0, abs=0.2)
    assert level_dbfs(with_noise(silence(1000), -30.0)) == pytest.approx(-30.0, abs=0.2)


def test_the_same_noise_for_the_same_seed() -> None:
    assert np.array_equal(noise(100, seed=3), noise(100, seed=3))
    assert not np.array_equal(noise(100, seed=3), noise(100, seed=4))


def test_raw_mulaw_is_an_octet_a_sample(tmp_path: Path) -> None:
    file = write_ulaw(tmp_path / "said.ulaw", silence(40))
    assert file.read_bytes() == mulaw(silence(40)) == b"\xff" * 320
