"""An encoder that remembers: vectors of texts that were encoded in an earlier run come from disk.

For `voicebot test`, which plays the same sentences again and again: where none is new the network
is not even loaded. The vectors are exactly those that the encoder gave. Left out on purpose: what
callers say. They do not repeat each other, and nothing of them is to lie in a cache.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from voicebot.nlu.embeddings import Encoder, Vectors
from voicebot.nlu.encoders import encoder_for
from voicebot.nlu.store import pack_vectors, read_vectors, write_whole
from voicebot.types import Language

MOST: Final = 4_000
"""Vectors kept for one encoder: 43 MB of English, 6 MB of the other languages."""


class KeptVectors:
    """``encoder`` with the vectors of earlier runs, in a file of ``folder``.

    `save` writes what has come since; a disk that cannot be written costs time, not an error.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        name = hashlib.sha256(encoder.name.encode()).hexdigest()[:16]
        self._path = folder / f"{name}.said"
        self._known = read_vectors(self._path, encoder.width)
        self._used: dict[bytes, Any] = {}
        self._grown = False
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def width(self) -> int:
        return self._encoder.width

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As the encoder itself does; see `Encoder.encode`."""
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        with self._lock:
            new = dict(zip(keys, texts, strict=True))
            new = {key: text for key, text in new.items() if key not in self._known}
            if new:
                rows = self._encoder.encode(list(new.values()))
                self._known.update(zip(new, rows, strict=True))
                self._grown = True
            self._used.update((key, self._known[key]) for key in keys)
            return np.array([self._known[key] for key in keys]).reshape(-1, self.width)

    def save(self) -> None:
        """Write the vectors, where there are new ones; those used in this run stay the longest."""
        if not self._grown:
            return
        kept = [*(key for key in self._known if key not in self._used), *self._used][-MOST:]
        write_whole(self._path, lambda part: pack_vectors(part, kept, self._known, np.float32))


@contextmanager
def kept_vectors(folder: Path) -> Iterator[Callable[[Language], Encoder]]:
    """What gives each language its encoder within the block, with vectors kept in ``folder``."""
    opened: dict[str, KeptVectors] = {}

    def encoder(language: Language) -> Encoder:
        plain = encoder_for(language)
        if plain.name not in opened:
            opened[plain.name] = KeptVectors(plain, folder)
        return opened[plain.name]

    try:
        yield encoder
    finally:
        for each in opened.values():
            each.save()
