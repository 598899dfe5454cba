"""A trained model of intents: what a text means, how sure that is, and why.

`IntentModel.understand` is what a call uses: it cleans the text, finds the intent or several of
them, and says 'out of scope' where none fits. It takes a few milliseconds of one thread and may be
called from any; the heavy products let go of the interpreter's lock. `classify` is the same for
many texts at once, without splitting them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicebot.nlu.classifier import Classifier
from voicebot.nlu.cores import one_core
from voicebot.nlu.embeddings import SENTENCE, Encoder, Vectors
from voicebot.nlu.features import FeatureMaker
from voicebot.nlu.neighbours import Neighbours
from voicebot.nlu.rejection import Gate, Gaussians, signs
from voicebot.nlu.splitting import Part, best_division, divisions
from voicebot.types import Language

MOST_CHARACTERS = 1_000
"""Of a longer text the beginning and the end are read: callers come to the point at either."""
_BLOCK = 2_000
_NEIGHBOURS = np.float32(8)
"""What a cosine of 1 to the nearest examples is worth, in log odds."""


@dataclass(frozen=True, slots=True)
class ScoredIntent:
    """One intent that was understood.

    ``confidence`` is 0..1. ``because`` is the example most like the text, ``likeness`` how like, as
    a cosine (1: the same). ``start`` and ``end`` bound the part of the cleaned text that says it.
    """

    name: str
    confidence: float
    because: str
    likeness: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a text means. ``text`` is the text as it was read, cleaned and bounded.

    ``intents`` stand in the order they were said; they are empty when the text is out of scope,
    and ``guess`` then says what it is most like.
    """

    text: str
    intents: tuple[ScoredIntent, ...]
    guess: ScoredIntent | None = None

    @property
    def out_of_scope(self) -> bool:
        return not self.intents


@dataclass(frozen=True, slots=True)
class Examples:
    """The training texts, each with its label (a number among the names, -1 out of scope) and its
    vector [texts, `SENTENCE`]; the labels ascend."""

    texts: tuple[str, ...]
    labels: NDArray[np.int64]
    vectors: Vectors

    def nearest(self, vector: Vectors, label: int) -> tuple[int, float]:
        """The example of ``label`` most like a sentence's vector: its number, and the cosine."""
        start, end = np.searchsorted(self.labels, (label, label + 1))
        likeness = self.vectors[start:end] @ vector
        at = int(likeness.argmax())
        return int(start) + at, float(likeness[at])


@dataclass(frozen=True, slots=True)
class Scored:
    """The best class of each text [texts], the nearest example of that class and its cosine
    [texts], and the signs of a misfit [texts, signs]."""

    best: NDArray[np.int64]
    nearest: NDArray[np.int64]
    likeness: Vectors
    signs: Vectors


@dataclass(frozen=True, slots=True)
class Scorer:
    """What was learnt of the classes: pure numbers, no encoder."""

    maker: FeatureMaker
    classifier: Classifier
    neighbours: Neighbours
    gaussians: Gaussians
    examples: Examples

    def score(self, texts: Sequence[str], vectors: Vectors) -> Scored:
        """Score texts whose encoder's vectors are given."""
        features = self.maker.make(texts, vectors)
        scores = self.classifier.scores(features)
        scores += _NEIGHBOURS * self.neighbours.nearness(features, scores)
        best: NDArray[np.int64] = scores.argmax(axis=1)
        found = [
            self.examples.nearest(vector[:SENTENCE], int(label))
            for vector, label in zip(vectors, best, strict=True)
        ]
        likeness = np.array([cosine for _, cosine in found], np.float32)
        nearest = np.array([number for number, _ in found], np.int64)
        seen = signs(scores, self.gaussians.ratios(vectors), likeness)
        return Scored(best, nearest, likeness, seen)


@dataclass(frozen=True, slots=True)
class IntentModel:
    """Made by `training.train_model` or loaded by `store.ModelStore`."""

    language: Language
    names: tuple[str, ...]
    scorer: Scorer
    gate: Gate
    encoder: Encoder

    def understand(self, text: str) -> Understanding:
        """Find what ``text`` means. Anything may be in it; only `MOST_CHARACTERS` are read."""
        cleaned = clean(text)
        if not any(character.isalnum() for character in cleaned):
            return Understanding(cleaned, ())
        spans = divisions(cleaned)
        found = self._scored(cleaned, spans)
        whole = found[0]
        parts = [Part(one.start, one.end, one.name, one.confidence) for one in found]
        chosen = best_division(parts, self.gate.threshold)
        intents = tuple(found[number] for number in chosen)
        if all(intent.confidence >= self.gate.threshold for intent in intents):
            return Understanding(cleaned, intents)
        return Understanding(cleaned, (), whole)

    def classify(self, texts: Sequence[str]) -> list[ScoredIntent]:
        """The likeliest intent of each text as a whole, whether or not it passes `accepts`."""
        found: list[ScoredIntent] = []
        for start in range(0, len(texts), _BLOCK):
            block = [clean(text) for text in texts[start : start + _BLOCK]]
            found += self._explained(block, [(0, len(text)) for text in block])
        return found

    def accepts(self, intent: ScoredIntent) -> bool:
        """Whether the intent is sure enough to act on; otherwise the text is out of scope."""
        return intent.confidence >= self.gate.threshold

    def _scored(self, text: str, spans: Sequence[tuple[int, int]]) -> list[ScoredIntent]:
        return self._explained([text[start:end] for start, end in spans], spans)

    def _explained(
        self, texts: Sequence[str], spans: Sequence[tuple[int, int]]
    ) -> list[ScoredIntent]:
        vectors = self.encoder.encode(texts)
        with one_core():
            scored = self.scorer.score(texts, vectors)
        confidence = self.gate.confidence(scored.signs)
        return [
            ScoredIntent(
                name=self.names[scored.best[row]],
                confidence=float(confidence[row]),
                because=self.scorer.examples.texts[scored.nearest[row]],
                likeness=float(min(1.0, scored.likeness[row])),
                start=start,
                end=end,
            )
            for row, (start, end) in enumerate(spans)
        ]


def clean(text: str) -> str:
    """The text without control characters, spaced once, and bounded to `MOST_CHARACTERS`."""
    if len(text) > MOST_CHARACTERS:
        half = MOST_CHARACTERS // 2
        text = f"{text[:half]} {text[-half:]}"
    composed = unicodedata.normalize("NFC", text)
    kept = (
        character if unicodedata.category(character)[0] != "C" else " " for character in composed
    )
    return " ".join("".join(kept).split())
