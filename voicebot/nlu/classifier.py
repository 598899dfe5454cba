"""Multinomial logistic regression, trained by Adam with mixup (Kingma and Ba 2015; Zhang and others
2018), in numpy.

Mixup trains on blends of two examples with the blend of their labels. It keeps the classifier from
being sure of what lies between its examples, where out-of-scope texts are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicebot.nlu.embeddings import Vectors

_BATCH = 256
_LEAST_STEPS = 300
_EPOCHS = 8
_RATE = 0.0011
_SHARPNESS = np.float32(4.0)
_MIXED = 0.3
_DROPPED = 51
"""Of 256 features so many are hidden at random in each step."""
_MADE_UP = np.float32(256 / (256 - _DROPPED))
_FIRST, _SECOND = np.float32(0.9), np.float32(0.999)


@dataclass(frozen=True, slots=True)
class Classifier:
    """``weights`` [columns, classes] and ``bias`` [classes]."""

    weights: Vectors
    bias: Vectors

    def scores(self, features: Vectors) -> Vectors:
        """Unnormalised log probabilities: [texts, classes]."""
        scores: Vectors = features @ self.weights + self.bias
        return scores


def softmax(scores: Vectors) -> Vectors:
    """Probabilities of the classes, each row's sum 1."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Vectors = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def train(
    features: Vectors,
    labels: NDArray[np.int64],
    classes: int,
    report: Callable[[int, int], None] = lambda done, of: None,
    seed: int = 0,
) -> Classifier:
    """Train on ``features`` [texts, columns]; a label of -1 means 'none of the classes'.

    The same input gives the same classifier. ``report`` is told the steps done.
    """
    chance = np.random.default_rng(seed)
    targets = np.full((len(labels), classes), 1 / classes, np.float32)
    meant = labels >= 0
    targets[meant] = np.eye(classes, dtype=np.float32)[labels[meant]]
    batch = min(_BATCH, max(16, len(labels) // 8))
    per_epoch = max(1, len(labels) // batch)
    steps = max(_LEAST_STEPS, _EPOCHS * per_epoch)
    descent = _Adam(features.shape[1], classes)
    order = chance.permutation(len(labels))
    for step in range(steps):
        if step % per_epoch == 0:
            order = chance.permutation(len(labels))
            report(step, steps)
        start = step % per_epoch * batch
        rows = order[start : start + batch]
        seen, wanted = _mix(features[rows], targets[rows], chance)
        descent.step(seen, wanted, _RATE * (1 - step / steps))
    report(steps, steps)
    return Classifier(descent.weights * _SHARPNESS, descent.bias * _SHARPNESS)


def _mix(
    features: Vectors, targets: Vectors, chance: np.random.Generator
) -> tuple[Vectors, Vectors]:
    thrown = np.frombuffer(chance.bytes(features.size), np.uint8).reshape(features.shape)
    features = features * np.where(thrown >= _DROPPED, _MADE_UP, np.float32(0))
    share = chance.beta(_MIXED, _MIXED, (len(features), 1)).astype(np.float32)
    other = chance.permutation(len(features))
    rest = 1 - share
    return share * features + rest * features[other], share * targets + rest * targets[other]


class _Adam:
    """The weights being learnt, and the running moments of their gradient."""

    def __init__(self, columns: int, classes: int) -> None:
        self._all = np.zeros((columns + 1, classes), np.float32)
        self._mean = np.zeros_like(self._all)
        self._square = np.zeros_like(self._all)
        self._gradient = np.zeros_like(self._all)
        self._steps = 0

    @property
    def weights(self) -> Vectors:
        return self._all[:-1]

    @property
    def bias(self) -> Vectors:
        bias: Vectors = self._all[-1]
        return bias

    def step(self, features: Vectors, targets: Vectors, rate: float) -> None:
        wrong = softmax(_SHARPNESS * (features @ self.weights + self.bias)) - targets
        wrong *= _SHARPNESS / len(features)
        np.matmul(features.T, wrong, out=self._gradient[:-1])
        self._gradient[-1] = wrong.sum(axis=0)
        self._steps += 1
        self._mean += (1 - _FIRST) * (self._gradient - self._mean)
        self._square += (1 - _SECOND) * (self._gradient**2 - self._square)
        level = np.sqrt(self._square / (1 - _SECOND**self._steps)) + np.float32(1e-8)
        self._all -= np.float32(rate / (1 - _FIRST**self._steps)) * self._mean / level
