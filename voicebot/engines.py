"""Which engine hears and which speaks each language, and the worker processes that hold them.

One pool of workers for each engine with its model or voice, shared by the languages that use it;
nothing is loaded that no flow needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import cast

from voicebot.config import LanguageEngines, Settings
from voicebot.grammar.active import ActiveGrammar
from voicebot.speech import models
from voicebot.speech.recognizer import Recognition
from voicebot.speech.voices import synthesizer_spec, voice_name
from voicebot.speech.wire import MOONSHINE, VOSK, EngineSpec
from voicebot.speech.workers import PoolCounters, WorkerPool
from voicebot.types import Language, Samples


def model_folder(settings: Settings) -> Path:
    """Where `voicebot models pull` puts models."""
    return settings.server.data / models.FOLDER


def recognizer_spec(engines: LanguageEngines, language: Language, settings: Settings) -> EngineSpec:
    """What a recognition worker loads. Raises ModelError where the model is not installed."""
    speech = settings.speech
    if engines.recognizer == "vosk":
        folder = model_folder(settings)
        place = (
            models.locate(engines.model, folder)
            if engines.model
            else models.choose("vosk", language, folder)
        )
        return EngineSpec(VOSK, (("model", str(place)), ("confidence", speech.confidence)))
    return EngineSpec(MOONSHINE, (("beam", speech.beam), ("confidence", speech.confidence)))


class SpeechEngines:
    """The pools of all ``languages``, the first of them the server's own.

    Raises ModelError where a model is not installed; nothing is started yet.
    """

    def __init__(self, settings: Settings, languages: Iterable[Language]) -> None:
        self._settings = settings
        self.pools: dict[str, WorkerPool] = {}
        self._hearing: dict[Language, WorkerPool] = {}
        self._speaking: dict[Language, WorkerPool] = {}
        self._voices: dict[Language, str] = {}
        speech = settings.speech
        for language in dict.fromkeys(languages):
            engines = speech.engines_for(language)
            voice_engine = engines.synthesizer or speech.synthesizer
            self._hearing[language] = self._pool(
                "recognition",
                recognizer_spec(engines, language, settings),
                speech.recognition_workers,
                language,
            )
            self._speaking[language] = self._pool(
                "synthesis",
                synthesizer_spec(voice_engine, engines.voice, language),
                speech.synthesis_workers,
                language,
            )
            self._voices[language] = voice_name(voice_engine, engines.voice, language)

    def _pool(self, work: str, spec: EngineSpec, size: int, language: Language) -> WorkerPool:
        """The pool that holds ``spec``, made where there is none. The first of each kind of work is
        named after it alone, the others carry their language too."""
        for pool in self.pools.values():
            if pool.spec == spec:
                return pool
        speech = self._settings.speech
        name = work if work not in self.pools else f"{work} {language}"
        self.pools[name] = WorkerPool(spec, size, speech.queue, speech.job_timeout_s)
        return self.pools[name]

    async def start(self) -> None:
        """Start all workers and wait until they hold their engines. Raises ModelError."""
        await asyncio.gather(*(pool.start() for pool in self.pools.values()))

    async def stop(self) -> None:
        """End all workers."""
        await asyncio.gather(*(pool.stop() for pool in self.pools.values()))

    def has_room(self) -> bool:
        """Whether every pool would begin another call's work in time (`CallRegistry`)."""
        longest = self._settings.speech.longest_wait_s
        return all(pool.has_room(longest) for pool in self.pools.values())

    @property
    def counters(self) -> Mapping[str, Callable[[], PoolCounters]]:
        """A source of figures for each pool."""
        return {name: pool.counters for name, pool in self.pools.items()}

    @property
    def languages(self) -> frozenset[Language]:
        """The languages that are heard and spoken."""
        return frozenset(self._voices)

    def voice(self, language: Language) -> str:
        """Name of the voice that speaks ``language``, for cache keys."""
        return self._voices[language]

    async def recognize(
        self,
        audio: Samples,
        rate: int,
        grammar: ActiveGrammar,
        *,
        language: Language,
        call: Hashable,
    ) -> Recognition:
        """Recognise in the call's language. A decode of ``call`` that still waits is given up for
        this newer one: the caller went on speaking. Raises SpeechError."""
        pool = self._hearing[language]
        job = pool.submit("recognize", audio, rate, grammar, key=call, replace=True)
        return cast("Recognition", await job)

    async def synthesize(self, text: str, rate: int, *, language: Language) -> Samples:
        """Speak ``text`` in the voice of ``language``. Raises SpeechError."""
        pool = self._speaking[language]
        return cast("Samples", await pool.submit("synthesize", text, rate))
