"""Whether to believe the classifier: a confidence that means what it says, and the threshold below
which a text is out of scope.

A classifier is sure of its best class, even where none fits. So five signs of a misfit are weighed
by a logistic regression that is fitted on texts the classifier has not seen: right answers against
wrong ones, examples of intents that were left out of training, and out-of-scope texts where the
designer gives some. The signs:

- the log odds of the best class against all others, and its lead over the second;
- the best score above the average class;
- how near the nearest example of the best class is (cosine);
- the best class's likelihood under a Gaussian around each class with the covariance shared (the
  Mahalanobis distance of Lee and others 2018, relative to the middle of all, Ren and others 2021).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicebot.nlu.classifier import softmax
from voicebot.nlu.embeddings import SENTENCE, Vectors

COLUMNS = 2 * SENTENCE
"""Columns of the encoder's vector that the Gaussians stand in (at most)."""

SIGNS = 5
_PRICES = (0.6, 1.0, 1.6)
_PER_PRICE = 30
_LEAST_PRICE, _MOST_PRICE = 5.0, 100.0
"""Refusing a share of what is meant costs so many times as much as believing the same share of what
is not: 1 for each `_PER_PRICE` texts to judge by, within these bounds. A large set holds near
copies of its examples, so that those held out are easier than what callers will say: there a
refusal must cost more. Few texts are near the threshold, so the middle of several is taken."""

_ENOUGH = 20
_SHRINKAGE = 0.1
_LEAST = 5
"""With fewer texts to go by, what was found for a large set of intents is taken."""
_USUAL = (0.4, 0.35, 0.4, 4.0, 0.0)
_USUAL_BIAS = -9.0
_USUAL_THRESHOLD = 0.05
_ROUNDS = 30
_PENALTY = 1e-2


@dataclass(frozen=True, slots=True)
class Gaussians:
    """``slopes`` [columns, classes], ``offsets`` [classes]: each class's log likelihood ratio."""

    slopes: Vectors
    offsets: Vectors

    @classmethod
    def fit(cls, vectors: Vectors, labels: NDArray[np.int64], classes: int) -> Gaussians:
        """Fit on the vectors whose label is a class; each class has one at least."""
        meant = labels >= 0
        seen = vectors[meant, :COLUMNS].astype(np.float64)
        means = np.zeros((classes, seen.shape[1]))
        np.add.at(means, labels[meant], seen)
        counts = np.bincount(labels[meant], minlength=classes)
        means /= np.maximum(counts, 1)[:, None]
        apart = seen - means[labels[meant]]
        shared = apart.T @ apart / max(1, len(seen) - classes)
        shared += np.eye(len(shared)) * (_SHRINKAGE * np.trace(shared) / len(shared) + 1e-6)
        middle = seen.mean(axis=0)
        slopes = np.linalg.solve(shared, (means - middle).T)
        offsets = -0.5 * ((means + middle) * slopes.T).sum(axis=1)
        return cls(slopes.astype(np.float32), offsets.astype(np.float32))

    def ratios(self, vectors: Vectors) -> Vectors:
        """How much likelier than the middle of all classes: [texts, classes]."""
        ratios: Vectors = vectors[:, : len(self.slopes)] @ self.slopes + self.offsets
        return ratios


def signs(scores: Vectors, ratios: Vectors, nearest: Vectors) -> Vectors:
    """The signs of each text [texts, `SIGNS`], from the classifier's and the Gaussians' scores
    [texts, classes] and the cosine of the nearest example of the best class [texts]."""
    shares = softmax(scores)
    best = shares.argmax(axis=1)
    rows = np.arange(len(scores))
    sure = np.clip(shares[rows, best], 1e-6, 1 - 1e-6)
    ordered = np.sort(scores, axis=1)
    lead = ordered[:, -1] - ordered[:, -2] if scores.shape[1] > 1 else np.zeros(len(scores))
    height = ordered[:, -1] - scores.mean(axis=1)
    columns = (np.log(sure / (1 - sure)), lead, height, nearest, ratios[rows, best])
    return np.stack(columns, axis=1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Gate:
    """``weights`` [`SIGNS`] and ``bias`` of the regression; below ``threshold`` nothing fits."""

    weights: Vectors
    bias: float
    threshold: float

    @classmethod
    def fit(cls, trusted: Vectors, doubtful: Vectors, outside: Vectors) -> Gate:
        """Weigh the signs of right answers against those of ``doubtful`` ones (wrong, or of intents
        that were never learnt) and of texts from ``outside`` the scope, which count as much as all
        the doubtful ones together.

        The threshold is where mistakes cost least: on those from outside where there are enough,
        else on the doubtful ones, which are nearer to what is in scope.
        """
        wrong = np.vstack([doubtful, outside])
        if min(len(trusted), len(wrong)) < _LEAST:
            return cls(np.array(_USUAL, np.float32), _USUAL_BIAS, _USUAL_THRESHOLD)
        both = np.vstack([trusted, wrong]).astype(np.float64)
        middle, spread = both.mean(axis=0), both.std(axis=0) + 1e-6
        design = np.hstack([(both - middle) / spread, np.ones((len(both), 1))])
        wanted = np.r_[np.ones(len(trusted)), np.zeros(len(wrong))]
        halves = 0.25 if len(doubtful) and len(outside) else 0.5
        importance = np.r_[
            np.full(len(trusted), 0.5 / len(trusted)),
            np.full(len(doubtful), halves / max(1, len(doubtful))),
            np.full(len(outside), halves / max(1, len(outside))),
        ]
        found = _regress(design, wanted, importance)
        weights = (found[:-1] / spread).astype(np.float32)
        bias = float(found[-1] - (found[:-1] * middle / spread).sum())
        gate = cls(weights, bias, 0.0)
        against = outside if len(outside) >= _ENOUGH else wrong
        return cls(weights, bias, _cheapest(gate.confidence(trusted), gate.confidence(against)))

    def confidence(self, seen: Vectors) -> Vectors:
        """How sure it is that the best class is right, 0..1: [texts]."""
        confidence: Vectors = 1 / (1 + np.exp(-np.clip(seen @ self.weights + self.bias, -30, 30)))
        return confidence


def _cheapest(trusted: Vectors, doubtful: Vectors) -> float:
    """The threshold at which mistakes cost least: the middle (geometric) of those for `_PRICES`."""
    price = min(max(len(trusted) / _PER_PRICE, _LEAST_PRICE), _MOST_PRICE)
    met = np.unique(np.concatenate([trusted, doubtful]))
    candidates = np.r_[met[0] / 2, (met[1:] + met[:-1]) / 2]
    refused = np.searchsorted(np.sort(trusted), candidates) / len(trusted)
    believed = 1 - np.searchsorted(np.sort(doubtful), candidates) / len(doubtful)
    best = [candidates[(price * times * refused + believed).argmin()] for times in _PRICES]
    return float(np.exp(np.mean(np.log(best))))


def _regress(
    design: NDArray[np.float64], wanted: NDArray[np.float64], importance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weighted logistic regression by Newton's method, with a ridge but for the last column."""
    found = np.zeros(design.shape[1])
    penalty = np.full(len(found), _PENALTY)
    penalty[-1] = 1e-6
    for _ in range(_ROUNDS):
        likely = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (importance * (likely - wanted)) + penalty * found
        bend = (design * (importance * likely * (1 - likely))[:, None]).T @ design
        step = np.linalg.solve(bend + np.diag(penalty), slope)
        found -= step
        if np.abs(step).max() < 1e-6:
            break
    return found
