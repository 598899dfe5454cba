"""How many of a question's words stand in an article, weighted by how rare they are: BM25.

Okapi BM25 (Robertson and Zaragoza 2009) over the articles of one language, divided by what an
article would get that held every word of the question: 0 where it holds none, 1 at most. A word
that no article holds counts as the rarest there is, so that a question about something else stays
low whatever small words it shares. Words of an alphabet are cut to `STEM` letters ('deliver' and
'delivery' are one), Chinese is counted by pairs of characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicebot.nlu.embeddings import Vectors
from voicebot.nlu.features import words_of

STEM = 5
_K1 = 1.2
_B = 0.5


@dataclass(frozen=True, slots=True)
class Lexicon:
    """``weights`` [terms, articles] is what each term is worth in each article; ``highest`` [terms]
    what it could be worth; ``terms`` gives their rows."""

    terms: dict[str, int]
    weights: Vectors
    highest: Vectors
    unknown: float

    @classmethod
    def of(cls, texts: Sequence[str]) -> Lexicon:
        """Count the words of each article's whole text."""
        counted = [Counter(terms_of(text)) for text in texts]
        terms = {term: row for row, term in enumerate(sorted(set().union(*counted)))}
        lengths = np.array([sum(counts.values()) for counts in counted], np.float32)
        stretch = _K1 * (
            1 - _B + _B * lengths / max(1.0, float(lengths.sum()) / max(1, len(texts)))
        )
        frequency = np.zeros((len(terms), len(texts)), np.float32)
        for column, counts in enumerate(counted):
            for term, count in counts.items():
                frequency[terms[term], column] = count
        rarity = _rarity(len(texts), (frequency > 0).sum(axis=1))
        weights = rarity[:, None] * frequency * (_K1 + 1) / (frequency + stretch)
        return cls(
            terms,
            weights.astype(np.float32),
            (rarity * (_K1 + 1)).astype(np.float32),
            float(_rarity(len(texts), np.zeros(1))[0]) * (_K1 + 1),
        )

    def scores(self, text: str) -> Vectors:
        """How far each article holds the words of ``text``: [articles], 0..1."""
        found = set(terms_of(text))
        rows = [self.terms[term] for term in found if term in self.terms]
        whole = float(self.highest[rows].sum()) + self.unknown * (len(found) - len(rows))
        if not whole:
            return np.zeros(self.weights.shape[1], np.float32)
        summed: Vectors = self.weights[rows].sum(axis=0) / np.float32(whole)
        return summed


def _rarity(articles: int, holding: NDArray[Any]) -> Vectors:
    rarity: Vectors = np.log1p((articles - holding + 0.5) / (holding + 0.5)).astype(np.float32)
    return rarity


def terms_of(text: str) -> Iterator[str]:
    """The terms of a text: stems of words, and pairs of Chinese characters."""
    before = ""
    for word in words_of(text):
        if len(word) == 1 and not word.isascii():
            if before:
                yield before + word
            before = word
        else:
            before = ""
            yield word[:STEM]
