"""What a sentence encoder is to the rest of this room, and which one a language gets.

English has a small encoder of its own, that is quick and knows it well; every other language has
the multilingual one. An encoder loads its network with the first text, or sooner with `wake`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final, Protocol, TypeAlias

import numpy as np
import structlog
from numpy.typing import NDArray

from voicebot.errors import ModelError
from voicebot.types import Language

log = structlog.get_logger(__name__)

Vectors: TypeAlias = NDArray[np.float32]

Report: TypeAlias = Callable[[str, int, int], None]
"""Told how far a long piece of work is: what is done, how much of it, out of how much."""

SENTENCE = 384
"""Width of a sentence's own vector, the first part of what an encoder gives."""

_ONE_EACH: Final = threading.Lock()


class Encoder(Protocol):
    """A neural network that makes a vector of a sentence. Any thread may call it."""

    @property
    def name(self) -> str:
        """Which network and which version of it: part of the name of whatever is cached."""
        ...

    @property
    def width(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode each text: float32 [texts, width].

        The first `SENTENCE` columns are the sentence's vector, of unit length: near ones mean the
        same. Further columns are of use to a classifier only. The same text gets the same vector,
        whatever stands beside it. Raises ModelError.
        """
        ...


def encoder_for(language: Language) -> Encoder:
    """The encoder of ``language``, one in a process.

    Raises ModelError where it is not installed or was altered.
    """
    with _ONE_EACH:  # two threads that ask for the first time would load it twice
        return _minilm() if _is_english(language) else _e5()


def wake(language: Language) -> None:
    """Begin to load the encoder of ``language``, where nobody has: somebody is about to speak.

    Returns at once. What goes wrong stands in the log, and again in the way of the first text.
    """
    _waking(_is_english(language))


@cache
def _waking(english: bool) -> None:
    kind = Language("en" if english else "mul")
    threading.Thread(target=_wake, args=(kind,), name=f"encoder {kind}").start()


def _wake(language: Language) -> None:
    try:
        encoder_for(language).encode(["a first text"])
    except ModelError as error:
        log.error("encoder_not_loaded", problem=str(error))
    else:
        log.info("encoder_loaded", language=language)


def _is_english(language: Language) -> bool:
    return language.partition("-")[0].lower() == "en"


@cache
def _minilm() -> Encoder:
    from voicebot.nlu.minilm.encoder import MiniLm

    return MiniLm()


@cache
def _e5() -> Encoder:
    from voicebot.nlu.e5 import E5

    return E5()


def unit_length(vectors: Vectors) -> Vectors:
    """Scale each row to length 1; a row of zeros stays one."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(length, 1e-9)).astype(np.float32)
    return scaled
