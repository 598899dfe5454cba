"""Files that were saved take effect for new calls: watching, reading anew, changing over.

The folder is looked at again and again (names, sizes and times; no kernel's notices, which neither
network drives nor containers pass on). A change is read once two looks in a row agree, so that a
file is not read half-written. What cannot be used changes nothing: the last good version goes on
serving, and the log and `/readyz` say what is wrong until it is mended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from voicebot.application import Application
from voicebot.errors import VoicebotError
from voicebot.live.edition import Edition, Editions, Press, Unrendered, render
from voicebot.live.fingerprint import Look, fingerprint, look

log = structlog.get_logger(__name__)

SETTLE_S: Final = 0.2
"""Files that were the same for so long are no longer being written."""

LONGEST_SETTLE_S: Final = 5.0
"""Files that never come to rest are read after this time."""


@dataclass(frozen=True, slots=True)
class ReloadCounters:
    """How often a new version took over, and how often one could not be used."""

    changed: int
    refused: int
    behind: int
    """Calls that run on a version before the current one."""


async def watch(
    look: Callable[[], Look],
    changed: Callable[[], Awaitable[None]],
    poll_s: float,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Call ``changed`` at once, and after each change that ``look`` shows when it has settled.

    Never ends."""
    seen = await asyncio.to_thread(look)
    await changed()  # whatever was saved before the first look
    while True:
        await sleep(poll_s)
        found = await asyncio.to_thread(look)
        if found == seen:
            continue
        for _ in range(round(LONGEST_SETTLE_S / SETTLE_S)):
            await sleep(SETTLE_S)
            before, found = found, await asyncio.to_thread(look)
            if found == before:
                break
        seen = found
        await changed()


class Reloader:
    """Brings saved files into service. ``load`` reads them, given the version so far; ``seed``
    makes the databases that a new version brings."""

    def __init__(
        self,
        folder: Path,
        editions: Editions,
        press: Press,
        load: Callable[[Application], Application],
        seed: Callable[[], Awaitable[None]],
        render_ahead_s: float,
    ) -> None:
        self._folder = folder
        self._editions = editions
        self._press = press
        self._load = load
        self._seed = seed
        self._render_ahead_s = render_ahead_s
        self._rest: asyncio.Task[object] | None = None
        self._problem = ""
        self._changed = 0
        self._refused = 0

    @property
    def problem(self) -> str:
        """What keeps the files as they are now from serving; empty when they serve."""
        return self._problem

    @property
    def counters(self) -> ReloadCounters:
        return ReloadCounters(self._changed, self._refused, self._editions.behind)

    async def watch(self, poll_s: float) -> None:
        """Follow the folder, from what the server was started with; never ends."""
        await watch(lambda: look(self._folder), self.reload, poll_s)

    async def reload(self) -> None:
        """Read the folder; what is new and can be used serves from now on. Never raises."""
        try:
            await self._reload()
        except VoicebotError as error:
            self._refuse(str(error))
        except Exception:
            log.exception("application_reload_failed")
            self._refuse("the files cannot be read: see the log")

    async def _reload(self) -> None:
        current = self._editions.current
        version = await asyncio.to_thread(fingerprint, self._folder)
        if version == current.version:
            self._as_before()
            return
        if self._editions.put_back(version):
            self._tell(current.version)
            return
        application = await asyncio.to_thread(self._load, current.application)
        try:
            edition, missing = await self._prepare(application, current)
        except BaseException:
            await application.aclose()
            raise
        self._editions.put(edition)
        self._tell(current.version)
        self._render_later(missing)

    async def _prepare(
        self, application: Application, current: Edition
    ) -> tuple[Edition, list[Unrendered]]:
        """All that a call would otherwise wait for."""
        edition = self._press.make(application, current)
        await asyncio.to_thread(application.compile_grammars)
        await asyncio.to_thread(application.learn_intents)
        await application.actions.start()
        await self._seed()
        missing = await self._press.warm(edition)
        return edition, list(await render(missing, self._render_ahead_s))

    def _render_later(self, missing: list[Unrendered]) -> None:
        if self._rest is not None:
            self._rest.cancel()  # what is still said is among the new version's
        self._rest = asyncio.create_task(render(missing), name="prompts")

    def _as_before(self) -> None:
        if self._problem:
            self._problem = ""
            log.info("application_as_before", version=self._editions.current.version)

    def _tell(self, before: str) -> None:
        self._problem = ""
        self._changed += 1
        log.info(
            "application_changed",
            version=self._editions.current.version,
            before=before,
            calls_on_earlier_versions=self._editions.behind,
        )

    def _refuse(self, problem: str) -> None:
        self._problem = problem
        self._refused += 1
        log.error(
            "application_not_changed", problem=problem, serving=self._editions.current.version
        )

    async def aclose(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            await asyncio.gather(self._rest, return_exceptions=True)
