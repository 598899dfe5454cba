"""Pages that follow conversations: what they are shown, at once and whenever it changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from voicebot.sessions.chat import ChatSession
from voicebot.sessions.chat_application import ChatApplication
from voicebot.sessions.chat_shelf import ChatShelf
from voicebot.sessions.chat_tally import ChatTally
from voicebot.sessions.chat_view import ChatView
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.text_queue import TextQueue


class Following:
    """Those of one server. ``over`` is told of a conversation that turns out to have ended; the
    rest is as in `Chats`."""

    def __init__(
        self,
        shelf: ChatShelf,
        line: TextQueue,
        tally: ChatTally,
        hold: Callable[[], AbstractContextManager[ChatApplication]],
        over: Callable[[ChatSession], None],
        clock: Callable[[], float],
    ) -> None:
        self.stopped = False
        """Whoever follows is let go the next time something stirs."""
        self._shelf = shelf
        self._line = line
        self._tally = tally
        self._hold = hold
        self._over = over
        self._clock = clock

    async def view(self, conversation: ConversationId, after: int) -> ChatView:
        """What a page that knows the lines up to ``after`` has to show now."""
        session = await self._shelf.get(conversation)
        if session is None:
            raise self._tally.refused("key", "this conversation is not open in this browser")
        return self._view(session, after)

    async def follow(
        self, conversation: ConversationId, after: int
    ) -> AsyncGenerator[ChatView, None]:
        """Each change from the line ``after`` on, the present view first, until we stop.

        Raises TextRefused 'tabs' where too many follow already.
        """
        with self._following(await self._awake(conversation)) as (session, stirred):
            while not self.stopped:
                stirred.clear()
                view = self._view(session, after)
                after = view.cursor
                yield view
                await stirred.wait()
                session = await self._shelf.present(session, stirred)

    async def changed(self, conversation: ConversationId, after: int, wait_s: float) -> ChatView:
        """The view once there is something after the line ``after``, at latest in ``wait_s``."""
        with self._following(await self._awake(conversation)) as (session, stirred):
            if session.record.cursor <= after and not session.is_still and wait_s > 0:
                try:
                    async with asyncio.timeout(wait_s):
                        await stirred.wait()
                except TimeoutError:
                    pass
            return self._view(await self._shelf.present(session, stirred), after)

    def _view(self, session: ChatSession, after: int) -> ChatView:
        return self._line.pages.dressed(session.view(after), session.record.id)

    @contextmanager
    def _following(self, session: ChatSession) -> Iterator[tuple[ChatSession, asyncio.Event]]:
        with self._shelf.following(session) as followed, self._line.pages.seen(session.record.id):
            yield followed

    async def _awake(self, conversation: ConversationId) -> ChatSession:
        async def wake(session: ChatSession) -> ChatSession:
            with self._hold() as application:
                await session.wake(application, self._clock())
                await self._line.settle(session, application)
            self._over(session)
            return session

        return await self._shelf.locked(conversation, wake)
