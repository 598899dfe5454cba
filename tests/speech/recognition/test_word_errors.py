"""The word error rate of the benchmark: what counts as an error and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.recognition.measure import Heard, calibration
from benchmarks.recognition.sounds import mix
from benchmarks.recognition.transcription import normalise, word_errors


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Press 1, or *.", "press one or star"),
        ("Dial 500 now!", "dial five zero zero now"),
        ("M.S.D.N. (spelled)", "m s d n"),
        ("plus [+]", "plus"),
        ("The 28 keys", "the twenty eight keys"),
        ("You’re", "you're"),
    ],
)
def test_texts_meet_in_one_form(written: str, spoken: str) -> None:
    assert normalise(written) == spoken.split()


@pytest.mark.parametrize(
    ("spoken", "heard", "errors"),
    [
        ("check voice mail now", "check voicemail now", 0),
        ("the voicemail", "the voice mail", 0),
        ("one two three", "one three", 1),
        ("one two", "one or two", 1),
        ("one two", "one four", 1),
        ("", "uh", 1),
        ("one two three", "", 3),
    ],
)
def test_least_changes_are_counted(spoken: str, heard: str, errors: int) -> None:
    assert word_errors(spoken.split(), heard.split()) == errors


def test_noise_is_mixed_by_the_loudest_frames_of_both() -> None:
    speech, noise = np.zeros(8192, np.int16), np.zeros(20_000, np.int16)
    speech[2048:4096] = 4000
    noise[:] = 1000
    mixed = mix(speech, noise, 20.0, np.random.default_rng(1))
    assert mixed[0] == pytest.approx(400, abs=1)


def test_calibration_error_is_the_distance_from_stated_to_true() -> None:
    def heard(right: bool, confidence: float) -> Heard:
        return Heard(right, True, confidence, 0.1, 1.0, foreign=False)

    honest = [heard(True, 0.75)] * 3 + [heard(False, 0.75)]
    boastful = [heard(False, 1.0)] * 4
    assert calibration(honest)[0] == pytest.approx(0.0)
    assert calibration(boastful)[0] == pytest.approx(1.0)
    assert calibration(honest + boastful)[0] == pytest.approx(0.5)
