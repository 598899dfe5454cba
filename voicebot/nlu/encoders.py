"""Which encoder a language gets, one of each in a process.

English has a small encoder of its own, that is quick and knows it well; every other language has
the multilingual one. An encoder loads its network with the first text, or sooner with `wake`.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Final

import structlog

from voicebot.errors import ModelError
from voicebot.nlu.embeddings import Encoder
from voicebot.types import Language

log = structlog.get_logger(__name__)

_ONE_EACH: Final = threading.Lock()


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
