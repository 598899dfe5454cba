"""Writing down what happened in a queue, though the records may be away for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import structlog

from voicebot.errors import StorageError, TextRefused
from voicebot.sessions.text_stays import Stay, Stays

log = structlog.get_logger(__name__)

PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Between tries to write down what happened in a queue."""


class Insistence:
    """Work on the conversations of ``stays``. One whose work could not be done loses its place, and
    gets it back from the records (`TextQueue.restore`)."""

    def __init__(self, stays: Stays) -> None:
        self._stays = stays
        self._working: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Cancel what is done apart."""
        working = list(self._working)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    async def insist(self, stay: Stay, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work`` though the records may be away for a moment. Raises what went wrong in the
        end."""
        for pause_s in (*PAUSES_S, None):
            try:
                return await work()
            except (StorageError, TextRefused) as error:
                if pause_s is None:
                    self._stays.remove(stay, "the records are away")
                    raise
                log.warning("text_in_queue_not_kept_yet", problem=str(error))
                await asyncio.sleep(pause_s)

    def insist_apart(
        self, stay: Stay, work: Callable[[], Awaitable[None]], name: str
    ) -> asyncio.Task[None]:
        """Do ``work`` to its end, whoever is still interested in it."""
        return self.apart(self.insist(stay, work), name)

    def apart(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Do ``work`` once, beside everything else."""
        task = asyncio.create_task(work, name=name)
        self._working.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("text_in_queue_not_kept", problem=str(error))
