"""Trains a model of intents: encodes the examples, fits the classifier, calibrates the rejection.

The rejection is calibrated on texts that the classifier has not seen: in each fold a part of every
intent's examples, some whole intents and the out-of-scope examples are kept from a second
classifier, which then has to tell the first from the others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicebot.errors import UsageError
from voicebot.nlu.classifier import train
from voicebot.nlu.cores import one_core
from voicebot.nlu.embeddings import SENTENCE, Encoder, Report, Vectors
from voicebot.nlu.features import FeatureMaker
from voicebot.nlu.intent_set import OUT_OF_SCOPE
from voicebot.nlu.intents import Examples, IntentModel, Scorer, clean
from voicebot.nlu.neighbours import Neighbours
from voicebot.nlu.rejection import SIGNS, Gate, Gaussians
from voicebot.types import Language

Labelled: TypeAlias = Sequence[tuple[str, str]]
"""Texts, each with the name of its intent, or `OUT_OF_SCOPE`."""

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
    # A core for each classifier: they would get into each other's way if each took all.
    with one_core(), ThreadPoolExecutor(os.cpu_count() or 1) as cores:
        checks = [
            cores.submit(_check, data, maker, features, *fold, report)
            for fold in enumerate(_folds(data))
        ]
        scorer = _scorer(data, maker, features, everything, report, "training")
        seen = [check.result() for check in checks]
    gate = Gate.fit(*(np.vstack(of) for of in zip(*seen, strict=True)))
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
    rows = rows[np.argsort(data.labels[rows], kind="stable")]
    labels = data.labels[rows]
    present = np.unique(labels[labels >= 0])
    renumbered = np.where(labels >= 0, np.searchsorted(present, labels), -1)
    seen, vectors = features[rows], data.vectors[rows]
    classes = len(present)
    return Scorer(
        maker,
        train(seen, renumbered, classes, lambda done, of: report(work, done, of)),
        Neighbours.fit(seen, renumbered, classes),
        Gaussians.fit(vectors, renumbered, classes),
        Examples(tuple(data.texts[row] for row in rows), renumbered, vectors[:, :SENTENCE].copy()),
    )


def _folds(data: TrainingSet) -> Iterator[NDArray[np.bool_]]:
    """Which examples to keep from the classifier in each fold: [texts]."""
    count = int(np.clip(-(-_FOLDS_FOR * _HELD_OUT // len(data.texts)), 1, _MOST_FOLDS))
    chance = np.random.default_rng(0)
    turn = chance.permutation(len(data.names))
    place = _places(data.labels, chance)
    for fold in range(count):
        unseen = (place % _HELD_OUT == fold) & (place != 0)  # of each intent one is always seen
        unseen |= data.labels < 0
        if len(turn) > 2:
            unseen |= np.isin(data.labels, turn[fold::_LEFT_OUT])
        yield unseen


def _check(
    data: TrainingSet,
    maker: FeatureMaker,
    features: Vectors,
    fold: int,
    hidden: NDArray[np.bool_],
    report: Report,
) -> tuple[Vectors, Vectors, Vectors]:
    """The signs of the hidden texts that were recognised, of those that were not or could not be,
    and of those out of scope."""
    rows, unseen = np.flatnonzero(~hidden), np.flatnonzero(hidden)
    nothing = np.zeros((0, SIGNS), np.float32)
    if not len(unseen):
        return nothing, nothing, nothing
    scorer = _scorer(data, maker, features, rows, report, f"calibrating, part {fold + 1}")
    scored = scorer.score([data.texts[row] for row in unseen], data.vectors[unseen])
    labels = data.labels[rows]
    right = np.unique(labels[labels >= 0])[scored.best] == data.labels[unseen]
    outside = data.labels[unseen] < 0
    return scored.signs[right], scored.signs[~right & ~outside], scored.signs[outside]


def _places(labels: NDArray[np.int64], chance: np.random.Generator) -> NDArray[np.int64]:
    """Number the examples of each label, in an order of chance."""
    places = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        places[chance.permutation(rows)] = np.arange(len(rows))
    return places
