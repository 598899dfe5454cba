"""Vectors and models kept on disk, so that training again takes seconds and starting takes none.

A vector is kept by the hash of its text and encoder, a model by the hash of all that it was trained
on: neither is ever out of date, only unused, and what is unused for longest goes first. Files hold
numbers and JSON, nothing that runs. A file that cannot be read is a miss; a disk that cannot be
written costs time, not an error.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from voicebot.nlu.classifier import Classifier
from voicebot.nlu.embeddings import Encoder, Report, Vectors
from voicebot.nlu.features import FeatureMaker
from voicebot.nlu.intents import Examples, IntentModel, Scorer, clean
from voicebot.nlu.neighbours import Neighbours
from voicebot.nlu.rejection import Gate, Gaussians
from voicebot.nlu.training import Labelled, train_model
from voicebot.types import Language

FOLDER = "intents"
"""The folder of models and vectors within a server's data folder."""

MOST_MODELS = 12
MOST_VECTORS = 40_000
"""Vectors kept for one encoder."""

_FORMAT = 2
_BLOCK = 512
"""Texts encoded between two reports."""


class ModelStore:
    """Models and vectors in ``folder``, which is made when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holds(self, labelled: Labelled, language: Language, encoder: Encoder) -> bool:
        """Whether the model of these examples is kept, so that `model` will not train."""
        return self._path(labelled, language, encoder).is_file()

    def model(
        self,
        labelled: Labelled,
        language: Language,
        encoder: Encoder,
        report: Report = lambda work, done, of: None,
    ) -> IntentModel:
        """The model of these examples: the one kept, or else trained now. Raises UsageError."""
        path = self._path(labelled, language, encoder)
        found = _read_model(path, language, encoder)
        if found is None:
            vectors = self.vectors([text for text, _ in labelled], encoder, report)
            found = train_model(labelled, language, encoder, vectors, report)
            write_whole(path, lambda part: _pack(part, found))
            self._make_room()
        return found

    def vectors(
        self,
        texts: Sequence[str],
        encoder: Encoder,
        report: Report = lambda work, done, of: None,
    ) -> Vectors:
        """The encoder's vectors [texts, width]; only texts never seen before are encoded."""
        path = self._folder / f"{hashlib.sha256(encoder.name.encode()).hexdigest()[:16]}.vectors"
        keys = [hashlib.sha256(clean(text).encode("utf-8", "replace")).digest() for text in texts]
        known = read_vectors(path, encoder.width)
        new = {key: clean(text) for key, text in zip(keys, texts, strict=True) if key not in known}
        fresh = list(new.items())
        for start in range(0, len(fresh), _BLOCK):
            report("encoding", start, len(fresh))
            block = fresh[start : start + _BLOCK]
            rows = encoder.encode([text for _, text in block])
            known.update(
                {key: row.astype(np.float16) for (key, _), row in zip(block, rows, strict=True)}
            )
        if fresh:
            report("encoding", len(fresh), len(fresh))
            wanted = dict.fromkeys(keys)
            others = [key for key in known if key not in wanted]
            kept = [*others[-max(0, MOST_VECTORS - len(wanted)) :], *wanted][-MOST_VECTORS:]
            write_whole(path, lambda part: pack_vectors(part, kept, known))
        return np.array([known[key] for key in keys], np.float32)

    def _path(self, labelled: Labelled, language: Language, encoder: Encoder) -> Path:
        return self._folder / f"{_content(labelled, language, encoder)}.model"

    def _make_room(self) -> None:
        with contextlib.suppress(OSError):
            models = sorted(self._folder.glob("*.model"), key=lambda file: file.stat().st_mtime)
            for file in models[:-MOST_MODELS]:
                file.unlink(missing_ok=True)


def _content(labelled: Labelled, language: Language, encoder: Encoder) -> str:
    content = json.dumps([_FORMAT, language, encoder.name, list(map(list, labelled))])
    return hashlib.sha256(content.encode()).hexdigest()[:40]


def write_whole(path: Path, fill: Callable[[IO[bytes]], None]) -> None:
    """Write a file all at once or not at all."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as part:
                fill(part)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)


def _arrays(path: Path) -> dict[str, NDArray[Any]] | None:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def pack_vectors(
    part: IO[bytes],
    keys: Sequence[bytes],
    known: Mapping[bytes, Vectors],
    numbers: type[np.floating[Any]] = np.float16,
) -> None:
    """Write the vectors of ``keys`` as ``numbers`` for `read_vectors`."""
    hashes = np.frombuffer(b"".join(keys), np.uint8).reshape(-1, 32)
    np.savez(part, keys=hashes, vectors=np.array([known[key] for key in keys], numbers))


def read_vectors(path: Path, width: int) -> dict[bytes, Any]:
    """The vectors that a file holds, by key; none where it cannot be read or has another width."""
    found = _arrays(path)
    if found is None or "keys" not in found or "vectors" not in found:
        return {}
    keys, vectors = found["keys"], found["vectors"]
    if keys.shape != (len(vectors), 32) or vectors.shape[1:] != (width,):
        return {}
    return {key.tobytes(): row for key, row in zip(keys, vectors, strict=True)}


def _pack(part: IO[bytes], model: IntentModel) -> None:
    scorer, gate = model.scorer, model.gate
    words = json.dumps({"names": model.names, "texts": scorer.examples.texts})
    np.savez(
        part,
        words=np.frombuffer(words.encode(), np.uint8),
        mean=scorer.maker.mean,
        spread=scorer.maker.spread,
        rarity=scorer.maker.rarity,
        weights=scorer.classifier.weights,
        bias=scorer.classifier.bias,
        near=scorer.neighbours.vectors,
        starts=scorer.neighbours.starts,
        slopes=scorer.gaussians.slopes,
        offsets=scorer.gaussians.offsets,
        labels=scorer.examples.labels,
        vectors=scorer.examples.vectors,
        gate=np.array([*gate.weights, gate.bias, gate.threshold], np.float64),
    )


def _read_model(path: Path, language: Language, encoder: Encoder) -> IntentModel | None:
    held = _arrays(path)
    if held is None:
        return None
    try:
        words = json.loads(held["words"].tobytes())
        gate = held["gate"]
        scorer = Scorer(
            FeatureMaker(held["mean"], held["spread"], held["rarity"]),
            Classifier(held["weights"], held["bias"]),
            Neighbours(held["near"], held["starts"]),
            Gaussians(held["slopes"], held["offsets"]),
            Examples(tuple(words["texts"]), held["labels"], held["vectors"]),
        )
        calibrated = Gate(gate[:-2].astype(np.float32), float(gate[-2]), float(gate[-1]))
        return IntentModel(language, tuple(words["names"]), scorer, calibrated, encoder)
    except (KeyError, ValueError, TypeError):
        return None
