"""The contract of a speech recogniser, and what it gives back.

Recognisers are synchronous and hold a model: they live in worker processes (`speech.workers`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from voicebot.grammar.active import ActiveGrammar
from voicebot.types import Json, Samples


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One word of a reading and how sure it is, 0..1."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of the audio: the words along the grammar and what they mean.

    ``confidence`` is 0..1; ``score`` the log-probability the engine gave, only to compare
    hypotheses of one utterance; ``grammar`` the name of the grammar that holds the words.
    ``words`` are those of ``text`` and ``slots`` the members of ``semantics`` where that is an
    object, each with its own confidence, never below that of the whole; both are empty where the
    engine does not judge them.
    """

    text: str
    semantics: Json
    confidence: float
    score: float
    grammar: str
    words: tuple[HeardWord, ...] = ()
    slots: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recognition:
    """What came of one utterance.

    ``match`` is false when the audio was rejected; ``nbest`` is still filled then, best first, for
    those who look. ``complete`` says whether the best reading is a whole sentence of the grammar,
    ``can_continue`` whether words after it could complete or change its meaning. ``free_text`` is
    what the engine heard without any grammar. ``seconds`` is decode time.
    """

    match: bool
    confidence: float
    nbest: tuple[Hypothesis, ...]
    free_text: str
    complete: bool
    can_continue: bool
    seconds: float
    audio_seconds: float

    @property
    def best(self) -> Hypothesis | None:
        return self.nbest[0] if self.nbest else None

    @property
    def so_far(self) -> str:
        """What to show of an utterance that may go on: the reading, or what was heard freely."""
        return self.nbest[0].text if self.match and self.nbest else self.free_text


@dataclass(frozen=True, slots=True)
class Transcript:
    """Free transcription: text as the engine writes it, and its words in lower case."""

    text: str
    seconds: float
    audio_seconds: float
    words: tuple[str, ...] = field(default=())


class Recognizer(Protocol):
    """An engine with its model loaded."""

    def recognize(
        self, audio: Samples, rate: int, grammar: ActiveGrammar, *, nbest: int = 1
    ) -> Recognition:
        """Decode one utterance along ``grammar``.

        ``audio`` is mono int16 at ``rate`` Hz (8000 or 16000). Raises AudioError for audio that
        cannot be used (another rate or kind of number, longer than an answer can be), SpeechError
        when the engine fails.
        """
        ...

    def transcribe(self, audio: Samples, rate: int) -> Transcript:
        """Decode without a grammar; long audio is split at pauses."""
        ...
