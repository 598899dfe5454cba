"""An application with the voices that speak it, and the calls that hold it.

New calls take the current edition and keep it to their end; an edition that is not the current one
any more is closed when its last call has ended.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from voicebot.application import Application
from voicebot.config import Settings
from voicebot.engines import SpeechEngines
from voicebot.errors import SpeechError, UsageError
from voicebot.said_ahead import said_ahead
from voicebot.speech.cache import FOLDER as PROMPT_FOLDER
from voicebot.speech.cache import PromptCache
from voicebot.speech.prompts import PromptRenderer
from voicebot.speech.segments import Segment
from voicebot.types import Language

log = structlog.get_logger(__name__)

FAILURES_TO_GIVE_UP: Final = 3
"""Renderings that fail in a row until the rest is left to the calls that need them."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of an application, ready for calls."""

    application: Application
    renderers: Mapping[Language, PromptRenderer]

    @property
    def version(self) -> str:
        return self.application.version


@dataclass(frozen=True, slots=True)
class Unrendered:
    """A piece of a prompt that no cache holds yet; ``rate`` in Hz."""

    renderer: PromptRenderer
    segment: Segment
    rate: int


class Press:
    """Makes editions: gives applications their voices, and renders what they say."""

    def __init__(self, settings: Settings, engines: SpeechEngines) -> None:
        self._settings = settings
        self._engines = engines
        self._rates = settings.call_rates
        self._cache = PromptCache(settings.server.data / PROMPT_FOLDER)

    def make(self, application: Application, before: Edition | None = None) -> Edition:
        """Give ``application`` its voices; the memory of those of ``before`` is shared.

        Raises UsageError for a language that the running server has no engines for.
        """
        known = self._engines.languages
        for flow in application.flows.in_all_languages():
            if flow.language not in known:
                raise UsageError(
                    f"{flow.file}: voicebot was started without the language '{flow.language}'. "
                    "Restart it to serve this flow."
                )
        return Edition(
            application,
            {each: self._renderer(each, application, before) for each in application.languages},
        )

    def _renderer(
        self, language: Language, application: Application, before: Edition | None
    ) -> PromptRenderer:
        if before is not None and language in before.renderers:
            return before.renderers[language].renewed(application.recordings)
        return PromptRenderer(
            partial(self._engines.synthesize, language=language),
            self._engines.voice(language),
            recordings=application.recordings,
            cache=self._cache,
        )

    async def warm(self, edition: Edition) -> list[Unrendered]:
        """Take into memory what is recorded or rendered already; gives what is not.

        Of other languages than that of the first flow what was rendered stays on disk, from where
        it comes in a millisecond: few callers hear it, and it takes as much memory.
        """
        application = edition.application
        said = said_ahead(self._settings, application.flows, application.knowledge.articles)
        missing = []
        for language, renderer in edition.renderers.items():
            prompts = [prompt for prompt in said if prompt[1] == language]
            for rate in self._rates:
                first = language == application.language
                segments = await renderer.warm(prompts, rate, rendered=first)
                missing += [Unrendered(renderer, segment, rate) for segment in segments]
        return missing


async def render(
    missing: Sequence[Unrendered],
    seconds: float = float("inf"),
    clock: Callable[[], float] = time.monotonic,
) -> Sequence[Unrendered]:
    """Render one after the other, so that a call that wants a piece now finds a worker.

    Gives what is left when ``seconds`` are over, or the synthesiser does not work at all.
    """
    until = clock() + seconds
    failures = 0
    for done, each in enumerate(missing):
        if clock() >= until or failures == FAILURES_TO_GIVE_UP:
            return missing[done:]
        try:
            await each.renderer.render(each.segment, each.rate)
            failures = 0
        except SpeechError as error:
            failures += 1
            log.warning("prompt_not_rendered", error=str(error))
    if missing:
        log.info("prompts_rendered", count=len(missing))
    return ()


class Editions:
    """The current edition, and those before it that calls still hold."""

    def __init__(
        self, first: Edition, became_current: Callable[[Edition], None] = lambda edition: None
    ) -> None:
        """``became_current`` is told of each edition that takes the place of another."""
        self._current = first
        self._became_current = became_current
        self._held: Counter[str] = Counter()
        self._known = {first.version: first}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def current(self) -> Edition:
        return self._current

    def get(self, version: str) -> Edition:
        """The edition of a call that holds ``version``; the current one for any other."""
        return self._known.get(version, self._current)

    @property
    def behind(self) -> int:
        """Calls that hold an edition before the current one."""
        return sum(self._held.values()) - self._held[self._current.version]

    @contextmanager
    def hold(self) -> Iterator[Edition]:
        """Keep the current edition until the end of the block."""
        edition = self._current
        self._held[edition.version] += 1
        try:
            yield edition
        finally:
            self._held[edition.version] -= 1
            self._close_if_unused(edition.version)

    def put(self, edition: Edition) -> None:
        """Make ``edition`` the current one: calls that come from now on take it."""
        before = self._current
        if edition.version in self._known:
            raise ValueError(f"version {edition.version} is here already")
        self._known[edition.version] = self._current = edition
        self._became_current(edition)
        self._close_if_unused(before.version)

    def put_back(self, version: str) -> bool:
        """Make an edition that calls still hold current again; false where there is none."""
        edition = self._known.get(version)
        if edition is None:
            return False
        before, self._current = self._current, edition
        self._became_current(edition)
        self._close_if_unused(before.version)
        return True

    async def aclose(self) -> None:
        """Close all of them. Calls that still run cannot act any more."""
        for edition in self._known.values():
            await edition.application.aclose()
        await asyncio.gather(*self._closing)

    def _close_if_unused(self, version: str) -> None:
        if version == self._current.version or self._held[version]:
            return
        del self._held[version]
        edition = self._known.pop(version, None)
        if edition is not None:
            task = asyncio.get_running_loop().create_task(edition.application.aclose())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
