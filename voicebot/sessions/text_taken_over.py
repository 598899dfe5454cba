"""Conversations that take the place of a call over: the side of `text_places` that holds them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from voicebot.errors import TextRefused
from voicebot.flows.state import Frames
from voicebot.sessions.chat import ChatSession
from voicebot.sessions.chat_application import ChatApplication
from voicebot.sessions.chat_records import ChatRecord, ChatStore, Stand
from voicebot.sessions.chat_shelf import ChatShelf
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.place import Place
from voicebot.sessions.text_places import Told
from voicebot.sessions.text_queue import TextQueue
from voicebot.types import CallId, Prompt


class TakenOver:
    """The conversations of ``store``, at hand on ``shelf``, as far as places need them
    (`text_places.TextSide`); the rest is as in `TextQueue`, which is ``line``."""

    def __init__(
        self,
        store: ChatStore,
        shelf: ChatShelf,
        line: TextQueue,
        hold: Callable[[], AbstractContextManager[ChatApplication]],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._line = line
        self._hold = hold
        self._clock = clock

    async def take_over(
        self, conversation: ConversationId, place: Place, frames: Frames, told: Told
    ) -> None:
        """See `text_places.TextSide`."""

        async def take(session: ChatSession) -> None:
            if session.over or session.record.opened_at is None:
                raise TextRefused("over", "this conversation has ended")
            before, now = session.record.cursor, self._clock()
            with self._hold() as application:
                queueing = application.queueing
                assert queueing is not None, "the place is in one of them"
                standing = queueing.service.standing(place.contact_id)
                if standing is None:
                    raise TextRefused("place", "there is no such place any more")
                await session.wake(application, now)
                stand = Stand(standing.arrived_at, now, standing.queue)
                words = told(session.record.language)
                await session.keep_place(frames, stand, words, application, now)
                transfer = session.wants or session.kept_transfer(application)
                wanted = "" if transfer is None else transfer.queue
                self._line.stand_at(conversation, place, queueing, wanted)
            await self._line.messengers.send(session, before)

        await self._shelf.locked(conversation, take)

    async def tell(self, conversation: ConversationId, told: Told) -> None:
        """See `text_places.TextSide`."""

        async def say(session: ChatSession) -> None:
            if session.over:
                raise TextRefused("over", "this conversation has ended")
            before = session.record.cursor
            words = Prompt((told(session.record.language),))
            await session.add_notice(words, self._clock())
            await self._line.messengers.send(session, before)

        await self._shelf.locked(conversation, say)

    async def of_call(self, call: CallId) -> ChatRecord | None:
        """See `text_places.TextSide`."""
        return await self._store.by_contact(call)
