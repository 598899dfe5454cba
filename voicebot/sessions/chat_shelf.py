"""The conversations that are at hand, one `ChatSession` each, and their only writers.

A conversation is read when it is wanted and put away when nobody follows it and there is no room.
What is done to it is done one after the other and to its end, whoever has left meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from voicebot.errors import TextRefused
from voicebot.sessions.chat import ChatSession
from voicebot.sessions.chat_records import ChatStore
from voicebot.sessions.invitation import ConversationId

MOST_WATCHERS: Final = 8
"""Pages that may show one conversation at the same time."""
FINISH_S: Final = 5.0

_T = TypeVar("_T")


class ChatShelf:
    """Conversations of ``store``, at most ``room`` at hand beside those that are in use.
    ``stirred`` is told which of them has changed."""

    def __init__(
        self, store: ChatStore, room: int, stirred: Callable[[ConversationId], None]
    ) -> None:
        self._store = store
        self._stirred = stirred
        self._room = room
        self._sessions: OrderedDict[ConversationId, ChatSession] = OrderedDict()
        self._loading: dict[ConversationId, asyncio.Task[ChatSession | None]] = {}
        self._working: set[asyncio.Task[object]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def followed(self) -> int:
        """Pages that follow a conversation."""
        return sum(len(session.watchers) for session in self._sessions.values())

    async def stop(self) -> None:
        """Let work under way be finished for a while, and wake everybody who follows."""
        if self._working:
            await asyncio.wait(tuple(self._working), timeout=FINISH_S)
        await self.abandon()
        for session in self._sessions.values():
            session.tell()

    async def abandon(self) -> None:
        """Cancel the work under way."""
        for task in tuple(self._working):
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    async def get(self, conversation: ConversationId) -> ChatSession | None:
        """The conversation, None where there is none. Raises StorageError."""
        session = self._sessions.get(conversation)
        if session is not None:
            self._sessions.move_to_end(conversation)
            return session
        loading = self._loading.get(conversation)
        if loading is None:
            loading = self._loading[conversation] = asyncio.create_task(self._load(conversation))
            loading.add_done_callback(lambda _: self._loading.pop(conversation, None))
        return await asyncio.shield(loading)

    def at_hand(self, conversation: ConversationId) -> ChatSession | None:
        """The conversation where it is in memory."""
        return self._sessions.get(conversation)

    async def _load(self, conversation: ConversationId) -> ChatSession | None:
        record = await self._store.get(conversation)
        if record is None:
            return None
        lines = await self._store.lines(conversation)
        session = self._sessions[conversation] = ChatSession(
            record, lines, self._store, self._stirred
        )
        self._make_room()
        return session

    def _make_room(self) -> None:
        """Put those out of memory that nobody follows, the longest unused first."""
        for conversation, session in list(self._sessions.items()):
            if len(self._sessions) <= self._room:
                return
            stands = session.record.stand is not None
            if not session.watchers and not stands and not session.lock.locked():
                del self._sessions[conversation]

    def _forget(self, session: ChatSession) -> None:
        if self._sessions.get(session.record.id) is session:
            del self._sessions[session.record.id]
        session.tell()

    async def locked(
        self, conversation: ConversationId, work: Callable[[ChatSession], Awaitable[_T]]
    ) -> _T:
        """Do ``work`` as the conversation's only writer, to its end even where who asked for it has
        gone. A session that could not keep what it did is thrown away. Raises TextRefused 'key'
        where there is no such conversation, and what ``work`` raises."""

        async def alone() -> _T:
            session = await self.get(conversation)
            if session is None:
                raise TextRefused("key", "this conversation is not open in this browser")
            async with session.lock:
                try:
                    return await work(session)
                except TextRefused as error:
                    if error.code == "moved":
                        self._forget(session)
                    raise
                except BaseException:
                    self._forget(session)
                    raise

        task = asyncio.ensure_future(alone())
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return await asyncio.shield(task)

    @contextmanager
    def following(self, session: ChatSession) -> Iterator[tuple[ChatSession, asyncio.Event]]:
        """Have ``stirred`` set when the conversation changes. Raises TextRefused 'tabs'."""
        if len(session.watchers) >= MOST_WATCHERS:
            raise TextRefused("tabs", "this conversation is open in too many windows")
        stirred = asyncio.Event()
        session.watchers.add(stirred)
        try:
            yield session, stirred
        finally:
            for each in (session, self._sessions.get(session.record.id)):
                if each is not None:
                    each.watchers.discard(stirred)

    async def present(self, session: ChatSession, stirred: asyncio.Event) -> ChatSession:
        """The session of now: another one took its place where a change could not be kept."""
        present = await self.get(session.record.id)
        if present is None or present is session:
            return session
        session.watchers.discard(stirred)
        present.watchers.add(stirred)
        return present
