"""How near a text is to the nearest examples of each class.

Nearest neighbours err where logistic regression does not, and the other way round: the sum of both
is right more often than either (docs/decisions/0022-intents.md). The features are brought down to
few columns by a random projection (Johnson and Lindenstrauss 1984), which keeps their angles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from voicebot.nlu.embeddings import Vectors, unit_length

COLUMNS = 512
_NEAREST = 3
_CANDIDATES = 12
_SEED = 7


@dataclass(frozen=True, slots=True)
class Neighbours:
    """``vectors`` [examples, `COLUMNS`] in the order of their classes; those of class k stand from
    ``starts[k]`` to ``starts[k + 1]``."""

    vectors: Vectors
    starts: NDArray[np.int64]

    @classmethod
    def fit(cls, features: Vectors, labels: NDArray[np.int64], classes: int) -> Neighbours:
        """Keep the examples, whose ``labels`` ascend (-1 first: those are left out)."""
        starts = np.searchsorted(labels, np.arange(classes + 1))
        kept = project(features[starts[0] :])
        return cls(kept, (starts - starts[0]).astype(np.int64))

    def nearness(self, features: Vectors, scores: Vectors) -> Vectors:
        """Mean cosine of the nearest examples of each class: [texts, classes].

        Only the classes with the best ``scores`` [texts, classes] are looked at; the others get the
        least of what these have.
        """
        projected = project(features)
        few = min(_CANDIDATES, scores.shape[1])
        candidates = np.argpartition(scores, -few, axis=1)[:, -few:]
        nearness = np.empty_like(scores)
        for row, (vector, classes) in enumerate(zip(projected, candidates, strict=True)):
            found = [self._nearness(vector, int(number)) for number in classes]
            nearness[row] = min(found)
            nearness[row, classes] = found
        return nearness

    def _nearness(self, vector: Vectors, number: int) -> float:
        likeness = self.vectors[self.starts[number] : self.starts[number + 1]] @ vector
        if len(likeness) > _NEAREST:
            likeness = np.partition(likeness, -_NEAREST)[-_NEAREST:]
        return float(likeness.mean())


def project(features: Vectors) -> Vectors:
    """Fewer columns, of unit length: [texts, `COLUMNS`]."""
    return unit_length(features @ _projection(features.shape[1]))


@cache
def _projection(columns: int) -> Vectors:
    return np.random.default_rng(_SEED).standard_normal((columns, COLUMNS), np.float32)
