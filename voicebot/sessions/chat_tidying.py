"""Ends conversations in text that nobody goes on with: a link that was not opened in time, a caller
who writes no more. Their outcomes are told like those of any other end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from voicebot.errors import StorageError
from voicebot.sessions.chat import ChatSession
from voicebot.sessions.chat_records import ChatStore
from voicebot.sessions.chat_shelf import ChatShelf
from voicebot.sessions.chat_tally import ChatTally
from voicebot.sessions.invitation import ConversationId, TextStage

log = structlog.get_logger(__name__)

SWEEP_S: Final = 30.0
SWEPT_AT_ONCE: Final = 200


class Tidying:
    """Who writes nothing for ``idle_s`` has left; a link is good for ``link_s``. ``clock`` gives
    UTC seconds since the epoch; ``left`` is told of a caller whose place in a queue is free."""

    def __init__(
        self,
        store: ChatStore,
        shelf: ChatShelf,
        tally: ChatTally,
        link_s: float,
        idle_s: float,
        clock: Callable[[], float],
        left: Callable[[ChatSession, str], None],
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._tally = tally
        self._idle_s = idle_s
        self._pause_s = max(1.0, min(SWEEP_S, link_s, idle_s))
        self._clock = clock
        self._left = left

    async def keep(self) -> None:
        """Do it now and then, until cancelled."""
        while True:
            await asyncio.sleep(self._pause_s)
            try:
                await self.sweep()
            except StorageError as error:
                log.warning("chats_not_swept", problem=str(error))

    async def sweep(self) -> None:
        """Do it once. Raises StorageError."""
        now = self._clock()
        for conversation in await self._store.unopened(now, SWEPT_AT_ONCE):
            await self._end(conversation, "the link was not opened", TextStage.EXPIRED)
        for conversation in await self._store.quiet_since(now - self._idle_s, SWEPT_AT_ONCE):
            await self._end(conversation, "nobody wrote any more", TextStage.ENDED)
        self._tally.going_on = await self._store.open_count()

    async def _end(self, conversation: ConversationId, reason: str, stage: TextStage) -> None:
        async def end(session: ChatSession) -> None:
            if session.over:
                return
            await session.end(session.outcome_if_left, reason, self._clock())
            self._left(session, reason)
            self._tally.ended(session, stage, self._clock())

        await self._shelf.locked(conversation, end)
