"""Learned weights rounded to 8 bits."""

from __future__ import annotations

import numpy as np

from benchmarks.recognition.adaptation.rounding import change

SCALE, ZERO_POINT = 0.01, 128


def test_changes_below_half_a_step_survive_in_what_comes_out() -> None:
    chance = np.random.default_rng(4)
    inputs = chance.normal(size=(500, 4)) @ chance.normal(size=(4, 48))
    old = (chance.integers(60, 200, (48, 16)) - ZERO_POINT) * SCALE
    wanted = old + chance.normal(0, SCALE / 5, old.shape)
    levels = change(old, wanted, SCALE, ZERO_POINT, inputs.T @ inputs)
    off = np.abs(inputs @ (old + levels * SCALE - wanted)).mean()
    off_when_unchanged = np.abs(inputs @ (old - wanted)).mean()
    assert levels.any()
    assert off < off_when_unchanged / 2


def test_weights_stay_within_8_bits() -> None:
    old = (np.full((4, 3), 255.0) - ZERO_POINT) * SCALE
    levels = change(old, old + 1.0, SCALE, ZERO_POINT, np.eye(4))
    assert not levels.any()
