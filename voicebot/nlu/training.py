"""Trains a model of intents: encodes the examples, fits the classifier, calibrates the rejection.

The rejection is calibrated on texts that the classifier has not seen: in each fold a part of every
intent's examples, some whole intents and the out-of-scope examples are kept from a second
classifier, which then has to tell the first from the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicebot.errors import UsageError
from voicebot.nlu.classifier import train
from voicebot.nlu.embeddings import SENTENCE, Encoder, Report, Vectors
from voicebot.nlu.features import FeatureMaker
from voicebot.nlu.intent_set import OUT_OF_SCOPE
from voicebot.nlu.intents import Examples, IntentModel, Scorer, clean
from voicebot.nlu.rejection import SIGNS, Gate, Gaussians
from voicebot.types import Language

Labelled: TypeAlias = Sequence[tuple[str, str]]
"""Texts, each with the name of its intent, or `OUT_OF_SCOPE`."""

LOSS = 0.002
"""Share of right answers that the threshold may cost."""

_FOLDS_FOR = 1_500
"""Held-out texts that are enough: small sets go through more folds to get them."""
_MOST_FOLDS = 5
_HELD_OUT = 5
"""One in so many examples is held out in a fold."""
_LEFT_OUT = 8
"""One in so many intents is left out in a fold."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The examples as numbers: ``labels`` [texts] count ``names``, -1 is out of scope."""

    texts: tuple[str, ...]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    vectors: Vectors


def train_model(
    labelled: Labelled,
    language: Language,
    encoder: Encoder,
    vectors: Vectors | None = None,
    report: Report = lambda work, done, of: None,
) -> IntentModel:
    """Train on ``labelled``; ``vectors`` are their encoder's vectors where they are known.

    The same input gives the same model. Raises UsageError where there is no intent to learn.
    """
    texts = tuple(clean(text) for text, _ in labelled)
    names = tuple(sorted({name for _, name in labelled} - {OUT_OF_SCOPE}))
    if not names:
        raise UsageError("there is no example of any intent to train on")
    numbers = {name: number for number, name in enumerate(names)}
    labels = np.array([numbers.get(name, -1) for _, name in labelled], np.int64)
    if vectors is None:
        report("encoding", 0, len(texts))
        vectors = encoder.encode(texts)
    data = TrainingSet(texts, labels, names, vectors)
    maker = FeatureMaker.fit(texts, vectors)
    features = maker.make(texts, vectors)
    everything = np.arange(len(texts))
    scorer = _scorer(data, maker, features, everything, report, "training")
    gate = _calibrate(data, maker, features, report)
    return IntentModel(language, names, scorer, gate, encoder)


def _scorer(
    data: TrainingSet,
    maker: FeatureMaker,
    features: Vectors,
    rows: NDArray[np.int64],
    report: Report,
    work: str,
) -> Scorer:
    """Learn from some of the examples. Classes without one are left out of the count."""
    labels = data.labels[rows]
    present = np.unique(labels[labels >= 0])
    renumbered = np.where(labels >= 0, np.searchsorted(present, labels), -1)
    classifier = train(
        features if len(rows) == len(features) else features[rows],
        renumbered,
        len(present),
        lambda done, of: report(work, done, of),
    )
    examples = Examples(
        tuple(data.texts[row] for row in rows), renumbered, data.vectors[rows, :SENTENCE]
    )
    gaussians = Gaussians.fit(data.vectors[rows], renumbered, len(present))
    return Scorer(maker, classifier, gaussians, examples)


def _calibrate(data: TrainingSet, maker: FeatureMaker, features: Vectors, report: Report) -> Gate:
    folds = int(np.clip(-(-_FOLDS_FOR * _HELD_OUT // len(data.texts)), 1, _MOST_FOLDS))
    trusted = [np.zeros((0, SIGNS), np.float32)]
    doubtful = [np.zeros((0, SIGNS), np.float32)]
    chance = np.random.default_rng(0)
    turn = chance.permutation(len(data.names))
    place = _places(data.labels, chance)
    for fold in range(folds):
        left_out = np.isin(data.labels, turn[fold::_LEFT_OUT]) if len(turn) > 2 else False
        kept = (place % _HELD_OUT != fold) & ~left_out
        kept |= (place == 0) & (data.labels >= 0) & ~np.asarray(left_out)
        rows, unseen = np.flatnonzero(kept), np.flatnonzero(~kept)
        if not len(unseen):
            continue
        scorer = _scorer(data, maker, features, rows, report, f"calibrating {fold + 1}/{folds}")
        best, seen = scorer.score([data.texts[row] for row in unseen], data.vectors[unseen])
        present = np.unique(data.labels[rows][data.labels[rows] >= 0])
        right = present[best] == data.labels[unseen]
        trusted.append(seen[right])
        doubtful.append(seen[~right])
    return Gate.fit(np.vstack(trusted), np.vstack(doubtful), LOSS)


def _places(labels: NDArray[np.int64], chance: np.random.Generator) -> NDArray[np.int64]:
    """Number the examples of each label, in an order of chance."""
    places = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        places[chance.permutation(rows)] = np.arange(len(rows))
    return places
