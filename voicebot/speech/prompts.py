"""From a `Prompt` to sound: recordings win, then what was rendered before, then the synthesiser.

`plan` cuts a prompt into segments, `render` gives the sound of each. A segment that is in memory
comes at once (`ready`); one that lies on disk without a worker; and calls that want the same
segment at the same time share one synthesis. What holds a caller's values stays in memory only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, TypeAlias

import numpy as np
import structlog

from voicebot.errors import AudioError
from voicebot.media.resample import resample
from voicebot.speech import segments, spoken
from voicebot.speech.cache import MemoryCache, PromptCache, cache_key
from voicebot.speech.recordings import NO_RECORDINGS, Recordings, read_recording
from voicebot.speech.segments import Segment
from voicebot.types import Language, Prompt, Samples

log = structlog.get_logger(__name__)

WIDE_RATES: Final = (16_000,)
"""Rates in Hz whose renderings serve narrower ones: synthesis takes a hundred times as long."""

Synthesize: TypeAlias = Callable[[str, int], Awaitable[Samples]]
"""Text in words and a rate in Hz -> samples; a worker pool stands behind it."""


@dataclass(slots=True, eq=False)
class _Flight:
    """A rendering under way, and how many wait for it."""

    task: asyncio.Task[Samples]
    waiters: int = 0


class PromptRenderer:
    """Plans and renders prompts in one voice.

    ``voice`` is the name that the cache goes by (`voices.voice_name`). ``cache`` and
    ``recordings`` may be left out; ``memory`` bounds what is held decoded.
    """

    def __init__(
        self,
        synthesize: Synthesize,
        voice: str,
        *,
        recordings: Recordings = NO_RECORDINGS,
        cache: PromptCache | None = None,
        memory: MemoryCache | None = None,
    ) -> None:
        self._synthesize = synthesize
        self._voice = voice
        self._recordings = recordings
        self._cache = cache
        self._memory = MemoryCache() if memory is None else memory
        self._flights: dict[str, _Flight] = {}

    def renewed(self, recordings: Recordings) -> PromptRenderer:
        """The same voice with other recordings; what is in memory is shared."""
        return PromptRenderer(
            self._synthesize,
            self._voice,
            recordings=recordings,
            cache=self._cache,
            memory=self._memory,
        )

    def plan(
        self, prompt: Prompt, language: Language, today: date | None = None
    ) -> tuple[Segment, ...]:
        """Cut ``prompt`` into segments, in the order in which they are played."""
        return segments.plan(prompt, language, today, self._recordings.find)

    @staticmethod
    def words(prompt: Prompt, language: Language, today: date | None = None) -> str:
        """The prompt as it is spoken, for records and captions."""
        return spoken.words(prompt, language, today)

    def ready(self, segment: Segment, rate: int) -> Samples | None:
        """Give the sound if it is in memory; never waits.

        int16 at ``rate`` Hz, the pause after the segment included.
        """
        samples = self._memory.get(self._key(segment, rate))
        return None if samples is None else _with_pause(samples, segment.pause_ms, rate)

    async def render(self, segment: Segment, rate: int) -> Samples:
        """Give the sound of ``segment``, the pause after it included.

        A recording that cannot be used is logged and spoken instead. Raises SpeechError when the
        synthesiser fails (WorkersBusy, WorkerLost, ...).
        """
        if (sound := self.ready(segment, rate)) is not None:
            return sound
        samples = await self._shared(segment, rate)
        return _with_pause(samples, segment.pause_ms, rate)

    async def warm(
        self, prompts: Iterable[tuple[Prompt, Language]], rate: int, *, rendered: bool = True
    ) -> tuple[Segment, ...]:
        """Take into memory what is recorded or rendered already; synthesises nothing.

        Without ``rendered`` recordings alone are taken, and what was rendered stays on disk until
        somebody is to hear it. Gives the static segments that are still missing, to be rendered
        when there is time.
        """
        missing = []
        for segment in self.static_segments(prompts):
            if not rendered and self._is_rendered(segment, rate):
                continue
            if self.ready(segment, rate) is None:
                found = await self._read(segment, rate)
                if found is None:
                    missing.append(segment)
                else:
                    self._memory.put(self._key(segment, rate), found)
        return tuple(missing)

    def static_segments(self, prompts: Iterable[tuple[Prompt, Language]]) -> tuple[Segment, ...]:
        """Every segment of ``prompts`` that is the same in all calls, each once."""
        found = (
            replace(segment, pause_ms=0)
            for prompt, language in prompts
            for segment in self.plan(prompt, language)
            if segment.static
        )
        return tuple(dict.fromkeys(found))

    def length_s(self, prompt: Prompt, language: Language, rate: int) -> float | None:
        """How long a static prompt is, in seconds; None where a part of it is neither recorded nor
        rendered yet. Reads the disk."""
        length = 0.0
        for segment in self.plan(prompt, language):
            sound = self._stored(segment, rate) if segment.static else None
            if sound is None:
                return None
            length += len(sound) / rate + segment.pause_ms / 1000
        return length

    def _key(self, segment: Segment, rate: int) -> str:
        if segment.recording is not None:
            digest = self._recordings.digest(segment.recording)
            return cache_key(f"{segment.recording} {digest}", "recording", rate)
        return cache_key(segment.text, self._voice, rate)

    async def _shared(self, segment: Segment, rate: int) -> Samples:
        key = self._key(segment, rate)
        flight = self._flights.get(key)
        if flight is None:
            flight = _Flight(asyncio.create_task(self._produce(segment, rate, key)))
            self._flights[key] = flight
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters:
                # Nobody wants it any more, or it is done; a later caller starts afresh.
                flight.task.cancel()
                if self._flights.get(key) is flight:
                    del self._flights[key]

    async def _produce(self, segment: Segment, rate: int, key: str) -> Samples:
        samples = None
        if segment.static:
            samples = await self._read(segment, rate)
        if samples is None:
            samples = await self._synthesize(segment.text, rate)
            if segment.static and self._cache is not None:
                name = cache_key(segment.text, self._voice, rate)
                await asyncio.to_thread(self._cache.put, name, samples, rate)
        self._memory.put(key, samples)
        return samples

    async def _read(self, segment: Segment, rate: int) -> Samples | None:
        """What `_stored` gives, read beside the loop; None at once where nothing is kept."""
        if segment.recording is None and self._cache is None:
            return None
        return await asyncio.to_thread(self._stored, segment, rate)

    def _stored(self, segment: Segment, rate: int) -> Samples | None:
        """The recording, or what was rendered at this rate or a wider one; reads the disk."""
        if segment.recording is not None:
            try:
                if self._recordings.is_unchanged(segment.recording):
                    return read_recording(segment.recording, rate)
                log.warning("recording_changed_since", file=str(segment.recording))
            except AudioError as error:
                log.error("recording_unusable", problem=str(error))
        if self._cache is None:
            return None
        for key, rendered in self._names(segment, rate):
            found = self._cache.get(key, rendered)
            if found is not None:
                return resample(found, rendered, rate)
        return None

    def _is_rendered(self, segment: Segment, rate: int) -> bool:
        """Whether the cache has a file for ``segment``, which is not read."""
        if segment.recording is not None or self._cache is None:
            return False
        return any(self._cache.path(key).is_file() for key, _ in self._names(segment, rate))

    def _names(self, segment: Segment, rate: int) -> Iterator[tuple[str, int]]:
        """The names under which the cache may have ``segment``, each with its rate in Hz."""
        for rendered in (rate, *(wide for wide in WIDE_RATES if wide > rate)):
            yield cache_key(segment.text, self._voice, rendered), rendered


def _with_pause(samples: Samples, pause_ms: int, rate: int) -> Samples:
    if not pause_ms:
        return samples
    return np.concatenate([samples, np.zeros(rate * pause_ms // 1000, dtype=np.int16)])
