"""The contract of a speech synthesiser. Synchronous; it lives in a worker process."""

from __future__ import annotations

from typing import Protocol

from voicebot.types import Language, Samples


class Synthesizer(Protocol):
    """An engine with its voice loaded."""

    @property
    def voice(self) -> str:
        """Name and version of the voice, part of every cache key."""
        ...

    @property
    def language(self) -> Language: ...

    def synthesize(self, text: str, rate: int) -> Samples:
        """Speak ``text`` (already in words, see `speech.spoken`) at ``rate`` Hz.

        Mono int16, peak below full scale, at most 100 ms of silence before and after. Raises
        SpeechError when the engine fails.
        """
        ...
