"""What a classifier sees of a text: the encoder's vector, and which words and letters it holds.

The encoder knows what words mean; the words themselves tell apart what it holds for the same
('pin' and 'card number'). They are counted by feature hashing (Weinberger and others 2009): a word,
a pair of words or a run of letters has a column and a sign by its hash, weighted by how rare it is
(tf-idf). Nothing needs to be known of the language: a Chinese character is a word of its own.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from voicebot.nlu.embeddings import SENTENCE, Vectors, unit_length

COLUMNS = 2048
"""Columns of the hashed words."""

_ENCODER_WEIGHT = 2.0
_WORD = re.compile(r"[\u3400-\u9fff\u3040-\u30ff]|[^\W_]+(?:'[^\W_]+)?")
_RUNS = (3, 4, 5)
_MOST_WORDS = 120


@dataclass(frozen=True, slots=True)
class FeatureMaker:
    """What was learnt of the training texts: the encoder's mean and spread, each [width], and the
    weight of each column of hashed words [2, `COLUMNS`] (words, letters)."""

    mean: Vectors
    spread: Vectors
    rarity: Vectors

    @classmethod
    def fit(cls, texts: Sequence[str], vectors: Vectors) -> FeatureMaker:
        mean = vectors.mean(axis=0)
        spread = vectors.std(axis=0) + 1e-4
        seen = np.zeros((2, COLUMNS), np.float32)
        for text in texts:
            for row, grams in enumerate(_grams(text)):
                columns = {_column(gram)[0] for gram in grams}
                seen[row, list(columns)] += 1
        rarity = np.log((1 + len(texts)) / (1 + seen)) + 1
        return cls(mean, spread, rarity.astype(np.float32))

    def make(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        """Features of the texts, whose encoder's vectors are given: [texts, columns]."""
        scaled = (vectors - self.mean) / self.spread
        parts = scaled.reshape(len(texts), -1, SENTENCE)
        encoded = unit_length(parts).reshape(len(texts), -1) * np.float32(_ENCODER_WEIGHT)
        return np.hstack([encoded, self._counted(texts)])

    def _counted(self, texts: Sequence[str]) -> Vectors:
        counted = np.zeros((len(texts), 2, COLUMNS), np.float32)
        for number, text in enumerate(texts):
            for row, grams in enumerate(_grams(text)):
                for gram, count in Counter(grams).items():
                    column, sign = _column(gram)
                    weight = (1 + math.log(count)) * self.rarity[row, column]
                    counted[number, row, column] += sign * weight
        summed: Vectors = unit_length(counted).sum(axis=1)
        return summed


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case; of a long one the first."""
    found = (match.group() for match in _WORD.finditer(text.lower()))
    return [word for word, _ in zip(found, range(_MOST_WORDS), strict=False)]


def _grams(text: str) -> tuple[list[str], list[str]]:
    words = words_of(text)
    pairs = zip(["<", *words], [*words, ">"], strict=True)
    return [*words, *(f"{one} {two}" for one, two in pairs)], list(_runs(words))


def _runs(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        framed = f" {word[:40]} "
        for length in _RUNS:
            for start in range(len(framed) - length + 1):
                yield framed[start : start + length]


def _column(gram: str) -> tuple[int, float]:
    hashed = zlib.crc32(gram.encode("utf-8", "replace"))
    return hashed % COLUMNS, 1.0 if hashed >> 31 else -1.0
