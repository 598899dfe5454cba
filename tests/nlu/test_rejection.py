from __future__ import annotations

import numpy as np

from voicebot.nlu.embeddings import Vectors
from voicebot.nlu.rejection import SIGNS, Gate, Gaussians, signs


def drawn(count: int, middle: float, seed: int) -> Vectors:
    chance = np.random.default_rng(seed)
    return chance.normal(middle, 1.0, (count, SIGNS)).astype(np.float32)


def test_the_threshold_keeps_what_is_meant_and_refuses_what_is_not() -> None:
    gate = Gate.fit(drawn(2_000, 2.0, 1), drawn(500, -2.0, 2), drawn(200, -2.0, 3))
    assert (gate.confidence(drawn(1_000, 2.0, 4)) >= gate.threshold).mean() > 0.98
    assert (gate.confidence(drawn(1_000, -2.0, 5)) < gate.threshold).mean() > 0.6


def test_confidence_means_what_it_says() -> None:
    gate = Gate.fit(drawn(3_000, 0.3, 1), drawn(3_000, -0.3, 2), drawn(0, 0, 3))
    right, wrong = drawn(3_000, 0.3, 4), drawn(3_000, -0.3, 5)
    told = gate.confidence(np.vstack([right, wrong]))
    truth = np.r_[np.ones(3_000), np.zeros(3_000)]
    for low in (0.1, 0.3, 0.5, 0.7):
        within = (told >= low) & (told < low + 0.2)
        assert abs(truth[within].mean() - told[within].mean()) < 0.06


def test_too_little_to_go_by_takes_the_usual_gate() -> None:
    nothing = np.zeros((0, SIGNS), np.float32)
    gate = Gate.fit(drawn(2, 1.0, 1), nothing, nothing)
    assert 0 < gate.threshold < 1
    assert np.isfinite(gate.confidence(drawn(3, 0.0, 2))).all()


def test_signs_are_finite_for_a_single_class() -> None:
    one = np.ones((3, 1), np.float32)
    assert np.isfinite(signs(one, one, np.ones(3, np.float32))).all()


def test_gaussians_prefer_their_own_class() -> None:
    chance = np.random.default_rng(0)
    middles = chance.normal(0, 1, (4, 20))
    labels = np.repeat(np.arange(4), 30)
    vectors = (middles[labels] + chance.normal(0, 0.3, (120, 20))).astype(np.float32)
    ratios = Gaussians.fit(vectors, labels, 4).ratios(vectors)
    assert (ratios.argmax(axis=1) == labels).mean() > 0.95
