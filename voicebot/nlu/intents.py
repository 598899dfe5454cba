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
from voicebot.nlu.embeddings import SENTENCE, Encoder, Vectors
from voicebot.nlu.features import FeatureMaker
from voicebot.nlu.rejection import Gate, Gaussians, signs
from voicebot.nlu.splitting import Part, best_division, divisions
from voicebot.types import Language

MOST_CHARACTERS = 1_000
"""Of a longer text the beginning and the end are read: callers come to the point at either."""
_BLOCK = 2_000


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
    vector [texts, `SENTENCE`]."""

    texts: tuple[str, ...]
    labels: NDArray[np.int64]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Scorer:
    """What was learnt of the classes: pure numbers, no encoder."""

    maker: FeatureMaker
    classifier: Classifier
    gaussians: Gaussians
    examples: Examples

    def score(self, texts: Sequence[str], vectors: Vectors) -> tuple[NDArray[np.int64], Vectors]:
        """The best class of each text [texts], and the signs of a misfit [texts, signs]."""
        scores = self.classifier.scores(self.maker.make(texts, vectors))
        best: NDArray[np.int64] = scores.argmax(axis=1)
        likeness = vectors[:, :SENTENCE] @ self.examples.vectors.T
        others = self.examples.labels[None, :] != best[:, None]
        nearest = np.where(others, np.float32(-1), likeness).max(axis=1)
        return best, signs(scores, self.gaussians.ratios(vectors), nearest)


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
        best, seen = self.scorer.score(texts, vectors)
        confidence = self.gate.confidence(seen)
        found = []
        for row, (start, end) in enumerate(spans):
            number, likeness = self._nearest(vectors[row, :SENTENCE], int(best[row]))
            found.append(
                ScoredIntent(
                    name=self.names[best[row]],
                    confidence=float(confidence[row]),
                    because=self.scorer.examples.texts[number],
                    likeness=likeness,
                    start=start,
                    end=end,
                )
            )
        return found

    def _nearest(self, vector: Vectors, label: int) -> tuple[int, float]:
        rows = np.flatnonzero(self.scorer.examples.labels == label)
        likeness = self.scorer.examples.vectors[rows] @ vector
        at = int(likeness.argmax())
        return int(rows[at]), float(min(1.0, likeness[at]))


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
