"""What a sentence encoder is to the rest of this room. Which one a language gets: `encoders`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]

Report: TypeAlias = Callable[[str, int, int], None]
"""Told how far a long piece of work is: what is done, how much of it, out of how much."""

SENTENCE = 384
"""Width of a sentence's own vector, the first part of what an encoder gives."""


class Encoder(Protocol):
    """A neural network that makes a vector of a sentence. Any thread may call it."""

    @property
    def name(self) -> str:
        """Which network and which version of it: part of the name of whatever is cached."""
        ...

    @property
    def width(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode each text: float32 [texts, width].

        The first `SENTENCE` columns are the sentence's vector, of unit length: near ones mean the
        same. Further columns are of use to a classifier only. The same text gets the same vector,
        whatever stands beside it. Raises ModelError.
        """
        ...


def unit_length(vectors: Vectors) -> Vectors:
    """Scale each row to length 1; a row of zeros stays one."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(length, 1e-9)).astype(np.float32)
    return scaled
