"""Sentence vectors of what callers said, remembered while the server runs.

The same words are looked at again and again by who reads the history, and each costs the encoder
some milliseconds that calls may need. So few new ones are encoded at a time, and the newest
are kept: in memory only, by a hash, for nothing of what callers say is to lie in a cache on disk.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from voicebot.nlu.embeddings import SENTENCE, Vectors
from voicebot.nlu.encoders import encoder_for
from voicebot.types import Language

ROOM: Final = 8000
"""Vectors that are kept: 12 MB."""
FRESH: Final = 50
"""Texts of a language that are encoded at a time: an eighth of a second."""

Encode = Callable[[Language, Sequence[str]], Vectors]


def encode(language: Language, texts: Sequence[str]) -> Vectors:
    """Vectors of the language's own encoder. Raises ModelError where there is none."""
    return encoder_for(language).encode(texts)


class Meanings:
    """One thread at a time may use it."""

    def __init__(self, encode: Encode = encode, room: int = ROOM, fresh: int = FRESH) -> None:
        self._encode = encode
        self._room = room
        self._fresh = fresh
        self._known: OrderedDict[bytes, Vectors] = OrderedDict()

    def learn(self, language: Language, texts: Sequence[str]) -> list[str]:
        """Encode the first few of ``texts`` that are not known; give those that are known then, in
        their order. Raises ModelError."""
        new = [text for text in texts if _key(language, text) not in self._known][: self._fresh]
        if new:
            for text, vector in zip(new, self._encode(language, new), strict=True):
                self._known[_key(language, text)] = vector[:SENTENCE].copy()
        known = [text for text in texts if _key(language, text) in self._known]
        for text in known:
            self._known.move_to_end(_key(language, text))
        return known

    def vectors(self, language: Language, texts: Sequence[str]) -> Vectors:
        """The vectors [texts, SENTENCE] of texts that are known."""
        rows = [self._known[_key(language, text)] for text in texts]
        return np.stack(rows) if rows else np.zeros((0, SENTENCE), np.float32)

    def tidy(self) -> None:
        """Forget what was not asked for the longest, where there is too much."""
        while len(self._known) > self._room:
            self._known.popitem(last=False)


def _key(language: Language, text: str) -> bytes:
    return hashlib.sha256(f"{language} {text}".encode("utf-8", "surrogatepass")).digest()
