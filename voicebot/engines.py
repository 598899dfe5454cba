"""Which engine hears and which speaks each language, and the worker processes that hold them.

One pool of workers for each engine with its model or voice, shared by the languages that use it.
One worker of each pool of the server's own language is loaded before the first call, the rest with
it; those of other languages when they are wanted first. A language whose recogniser has no model
here is spoken and not heard: callers use the keypad.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Final, cast

import structlog

from voicebot.config import LanguageEngines, Settings
from voicebot.errors import ModelError, SpeechError, VoicebotError
from voicebot.grammar.active import ActiveGrammar
from voicebot.speech import models
from voicebot.speech.recognizer import Recognition
from voicebot.speech.voices import synthesizer_spec, voice_name
from voicebot.speech.wire import MOONSHINE, VOSK, EngineSpec
from voicebot.speech.workers import PoolCounters, WorkerPool
from voicebot.types import Language, Samples

log = structlog.get_logger(__name__)

NOT_HEARD: Final = Recognition(False, 0.0, (), "", False, False, 0.0, 0.0)
"""What comes of speech in a language that nothing here recognises: it is no answer."""


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


AT_FIRST: Final = 1
"""Workers of a pool that are started before anybody calls: nobody has to be heard beside another
yet, and each takes 150 MB."""


class SpeechEngines:
    """The pools of all ``languages``, the first of them the server's own.

    Raises ModelError where the model of that one is not installed; nothing is started yet.
    ``unheard`` says of other languages why they cannot be heard.
    """

    def __init__(self, settings: Settings, languages: Iterable[Language]) -> None:
        self._settings = settings
        self.pools: dict[str, WorkerPool] = {}
        self._hearing: dict[Language, WorkerPool] = {}
        self._speaking: dict[Language, WorkerPool] = {}
        self._voices: dict[Language, str] = {}
        self.unheard: dict[Language, ModelError] = {}
        self._starts: dict[str, asyncio.Task[None]] = {}
        self._own: frozenset[str] = frozenset()
        speech = settings.speech
        for language in dict.fromkeys(languages):
            engines = speech.engines_for(language)
            voice_engine = engines.synthesizer or speech.synthesizer
            self._add_hearing(language, engines)
            self._speaking[language] = self._pool(
                "synthesis",
                synthesizer_spec(voice_engine, engines.voice, language),
                speech.synthesis_workers,
                language,
            )
            self._voices[language] = voice_name(voice_engine, engines.voice, language)
            self._own = self._own or frozenset(self.pools)

    def _add_hearing(self, language: Language, engines: LanguageEngines) -> None:
        try:
            spec = recognizer_spec(engines, language, self._settings)
        except ModelError as error:
            if not self._own:
                raise
            self.unheard[language] = error
            log.warning("language_not_heard", language=str(language), problem=str(error))
            return
        workers = self._settings.speech.recognition_workers
        self._hearing[language] = self._pool("recognition", spec, workers, language)

    def _pool(self, work: str, spec: EngineSpec, size: int, language: Language) -> WorkerPool:
        """The pool that holds ``spec``, made where there is none. The first of each kind of work is
        named after it alone, the others carry their language too."""
        for pool in self.pools.values():
            if pool.spec == spec:
                return pool
        speech = self._settings.speech
        name = work if work not in self.pools else f"{work} {language}"
        self.pools[name] = WorkerPool(spec, size, speech.queue, speech.job_timeout_s, AT_FIRST)
        return self.pools[name]

    async def start(self) -> None:
        """Start the first workers of the server's own language and wait until they are ready.

        Raises ModelError.
        """
        await asyncio.gather(*(self.pools[name].start() for name in self._own))

    async def stop(self) -> None:
        """End all workers."""
        for start in self._starts.values():
            start.cancel()
        await asyncio.gather(*self._starts.values(), return_exceptions=True)
        await asyncio.gather(*(pool.stop() for pool in self.pools.values()))

    def wake(self, language: Language) -> None:
        """Begin to load what hears and speaks ``language``: somebody is about to."""
        for pool in (self._hearing.get(language), self._speaking.get(language)):
            if pool is not None:
                self._start_of(pool)
                pool.grow()

    def _start_of(self, pool: WorkerPool) -> asyncio.Task[None] | None:
        """The start of a pool, begun where nobody has; None for those that `start` starts."""
        name = next(name for name, each in self.pools.items() if each is pool)
        if name in self._own:
            return None
        if name not in self._starts:
            task = asyncio.create_task(_start_whole(pool), name=f"start of {name}")
            task.add_done_callback(_tell_failure)
            self._starts[name] = task
        return self._starts[name]

    async def _ready(self, pool: WorkerPool) -> WorkerPool:
        start = self._start_of(pool)
        if start is not None:
            try:
                await asyncio.shield(start)
            except VoicebotError as error:
                raise SpeechError(str(error)) from error
        return pool

    def has_room(self) -> bool:
        """Whether every pool at work would begin another call's work in time (`CallRegistry`)."""
        longest = self._settings.speech.longest_wait_s
        at_work = [self.pools[name] for name in self._own]
        at_work += [self.pools[name] for name, start in self._starts.items() if _has_begun(start)]
        return all(pool.has_room(longest) for pool in at_work)

    def condition(self) -> Mapping[str, tuple[bool, str]]:
        """Of each pool, and of each language that is not heard, whether calls can be served and
        what there is to say (`/readyz`)."""
        found = {name: self._condition(name) for name in self.pools}
        for language, error in self.unheard.items():
            told = f"not heard, callers use keys: {error}"
            found[f"recognition {language}"] = (True, told)
        return found

    def _condition(self, name: str) -> tuple[bool, str]:
        pool, start = self.pools[name], self._starts.get(name)
        ready = pool.counters().workers_ready
        if name not in self._own and start is None:
            return True, "starts when it is wanted"
        if start is not None and start.done() and not start.cancelled() and start.exception():
            return True, f"not there: {start.exception()}"
        return ready > 0 or name not in self._own, f"{ready} of {pool.size} workers"

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
        this newer one: the caller went on speaking. Speech in a language that is not heard is no
        match. Raises SpeechError."""
        if language in self.unheard:
            return NOT_HEARD
        pool = await self._ready(self._hearing[language])
        job = pool.submit("recognize", audio, rate, grammar, key=call, replace=True)
        return cast("Recognition", await job)

    async def synthesize(self, text: str, rate: int, *, language: Language) -> Samples:
        """Speak ``text`` in the voice of ``language``. Raises SpeechError."""
        pool = await self._ready(self._speaking[language])
        return cast("Samples", await pool.submit("synthesize", text, rate))


async def _start_whole(pool: WorkerPool) -> None:
    await pool.start()
    pool.grow()


def _has_begun(start: asyncio.Task[None]) -> bool:
    """Whether a pool that was started late is there."""
    return start.done() and not start.cancelled() and start.exception() is None


def _tell_failure(start: asyncio.Task[None]) -> None:
    if not start.cancelled() and (error := start.exception()) is not None:
        log.error("engine_not_started", what=start.get_name(), problem=str(error))
