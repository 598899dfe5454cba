"""Looks after notices for receivers that the settings no longer name: told of, and given up.

A name that was only mistyped for a while finds its notices again: they wait for a day.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Final

import structlog

from voicebot.errors import StorageError
from voicebot.notices.model import NoticeStore

KEPT_S: Final = 86_400.0
LOOK_EVERY_S: Final = 3600.0

log = structlog.get_logger(__name__)


class Orphans:
    """Notices for none of ``hooks``. ``clock`` gives UTC epoch seconds."""

    def __init__(
        self,
        hooks: Collection[str],
        store: NoticeStore,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._hooks = frozenset(hooks)
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Give up what is old every hour, until nothing waits."""
        while True:
            try:
                if not await self.give_up():
                    return
            except StorageError as error:
                log.warning("orphaned_notices_stay", problem=str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def give_up(self) -> int:
        """Forget what has waited for long enough; gives how many still wait. Raises
        StorageError."""
        left = 0
        for hook in sorted(set(await self._store.hooks()) - self._hooks):
            gone = await self._store.give_up(hook, self._clock() - KEPT_S)
            waiting = await self._store.waiting(hook)
            left += waiting
            log.warning("notices_without_receiver", hook=hook, given_up=gone, waiting=waiting)
        return left
