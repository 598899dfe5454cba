"""How the server and its speech worker processes talk: length-prefixed pickles over pipes.

Both ends are this program on this machine, the child started by the parent, so pickle is safe here.
A grammar goes over the wire once for each worker: later jobs name it by its key. Sender and
receiver keep the same bounded least-recently-used order, so they always agree on what is known.
"""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

HEADER = struct.Struct("!I")
KNOWN_GRAMMARS = 128

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which engine a worker is to load: ``module:Class`` and its keyword options."""

    engine: str
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """The class alone, for messages."""
        return self.engine.partition(":")[2]


MOONSHINE = "voicebot.speech.moonshine.engine:MoonshineRecognizer"
VOSK = "voicebot.speech.vosk.engine:VoskRecognizer"
PIPER = "voicebot.speech.piper:PiperSynthesizer"
PYTTSX3 = "voicebot.speech.pyttsx3:Pyttsx3Synthesizer"


@dataclass(frozen=True, slots=True)
class Job:
    """A method of the engine and its arguments; a grammar may stand as `GrammarRef`."""

    method: str
    args: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class GrammarRef:
    """A grammar by key; ``grammar`` is None where the worker has it already."""

    key: str
    grammar: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a job: a value, or the error that it raised."""

    value: Any
    error: Exception | None = None


class KnownGrammars(Generic[T]):
    """The grammars both ends know, the least recently used dropped first."""

    def __init__(self, limit: int = KNOWN_GRAMMARS) -> None:
        self._limit = limit
        self._known: OrderedDict[str, T] = OrderedDict()

    def get(self, key: str) -> T | None:
        if key not in self._known:
            return None
        self._known.move_to_end(key)
        return self._known[key]

    def add(self, key: str, value: T) -> None:
        self._known[key] = value
        self._known.move_to_end(key)
        while len(self._known) > self._limit:
            self._known.popitem(last=False)


def pack(message: object) -> bytes:
    """Give ``message`` as one frame: four bytes of length, then the pickle."""
    body = pickle.dumps(message, protocol=5)
    return HEADER.pack(len(body)) + body
