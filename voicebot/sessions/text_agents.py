"""Agents who have conversations in text: they take them, write, leave them, send them on or are
lost. The side of a `TextTalk` that holds the conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial

from voicebot.acd.model import AgentId
from voicebot.errors import TextRefused
from voicebot.flows.events import FlowEvent, TransferReturned
from voicebot.sessions.chat import ChatSession
from voicebot.sessions.chat_application import ChatApplication
from voicebot.sessions.chat_shelf import ChatShelf
from voicebot.sessions.text_entry import noted_of
from voicebot.sessions.text_insistence import Insistence
from voicebot.sessions.text_messengers import Messengers
from voicebot.sessions.text_pages import TextPages, is_there
from voicebot.sessions.text_stays import LEFT_LINE, THROUGH, Stay, Stays
from voicebot.sessions.text_talk import TextTalk
from voicebot.sessions.waking import CallLater


class TextAgents:
    """The agents of the conversations of ``stays``, at hand on ``shelf``.

    ``through`` lets a flow go on whose conversation an agent has left. ``talking`` is told of every
    conversation that an agent takes, and is set once desks are there; the rest is as in
    `TextQueue`.
    """

    def __init__(
        self,
        shelf: ChatShelf,
        stays: Stays,
        pages: TextPages,
        messengers: Messengers,
        insistence: Insistence,
        through: Callable[[Stay, FlowEvent], Awaitable[None]],
        hold: Callable[[], AbstractContextManager[ChatApplication]],
        clock: Callable[[], float],
        call_later: CallLater,
    ) -> None:
        self.talking: Callable[[TextTalk], None] = lambda talk: None
        self._shelf = shelf
        self._stays = stays
        self._pages = pages
        self._messengers = messengers
        self._insistence = insistence
        self._through = through
        self._hold = hold
        self._clock = clock
        self._call_later = call_later

    async def begin(self, stay: Stay, agent_id: AgentId) -> None:
        """An agent has taken the contact."""

        async def begin(session: ChatSession) -> None:
            if not self._stays.has(stay):
                return
            if session.keeps_place and not await self._taken_back(stay, session):
                return
            stand = session.record.stand
            if stand is None:
                return
            stand = replace(stand, agent=str(agent_id), queue=stay.queue)
            await session.change(stand=stand, noted=noted_of(session.record, stay.queueing))
            talk = stay.talk = TextTalk(
                stay.contact_id,
                stay.conversation,
                agent_id,
                self._clock(),
                self,
                self._pages,
                self._call_later,
            )
            talk.there = is_there(session)
            self.talking(talk)
            session.tell()

        await self._shelf.locked(stay.conversation, begin)

    async def _taken_back(self, stay: Stay, session: ChatSession) -> bool:
        """Whether the flow has gone back to the queue, for an agent has answered."""
        before = session.record.cursor
        with self._hold() as application:
            await session.wake(application, self._clock())
            if session.kept_transfer(application) is not None:
                await session.back_in_line(application, self._clock())
        await self._messengers.send(session, before)
        if session.wants is not None:
            return True
        self._stays.remove(stay, LEFT_LINE)  # the designer has taken the transfer away
        await session.leave_place(self._clock())
        return False

    async def _waits(self, stay: Stay, *, head: bool) -> None:
        """The conversation waits again, and no agent has it."""

        async def again(session: ChatSession) -> None:
            stand, now = session.record.stand, self._clock()
            if not self._stays.has(stay) or stand is None or stay.talk:
                return
            fields = {
                "stand": replace(stand.again(now, head=head), queue=stay.queue),
                "noted": noted_of(session.record, stay.queueing),
            }
            if head:
                sorry = stay.queueing.apology(stay.contact_id, session.record.language)
                before = session.record.cursor
                await session.add_notice(sorry, now, **fields)
                await self._messengers.send(session, before)
            else:
                await session.change(**fields)

        await self._shelf.locked(stay.conversation, again)

    # What an agent does (`TextSide`)

    async def say(self, talk: TextTalk, text: str, key: str) -> int:
        """Add the agent's line. Raises TextRefused, StorageError."""

        async def add(session: ChatSession) -> int:
            if talk.over:
                raise TextRefused("over", "the conversation is over")
            cursor = await session.add_of_agent(text, key, str(talk.agent), self._clock())
            await self._messengers.send(session, cursor - 1, cursor)
            return cursor

        return await self._shelf.locked(talk.conversation, add)

    async def agent_left(self, talk: TextTalk, way: str) -> None:
        """The agent is free, and the flow goes on."""
        stay = self._stays.of(talk.conversation)
        if stay is None or stay.talk is not talk:
            return
        stay.queueing.service.left(stay.place, THROUGH)
        seconds = max(0.0, self._clock() - talk.began_at)
        event = TransferReturned(seconds, "agent", way)
        work = partial(self._through, stay, event)
        await asyncio.shield(self._insistence.insist_apart(stay, work, "text goes on"))

    async def agent_sent_on(self, talk: TextTalk) -> None:
        """The contact waits in another queue."""
        stay = self._stays.of(talk.conversation)
        if stay is not None and stay.talk is talk:
            stay.talk = None
            work = partial(self._waits, stay, head=False)
            await asyncio.shield(self._insistence.insist_apart(stay, work, "text sent on"))

    def agent_lost(self, talk: TextTalk) -> None:
        """The agent is gone: back to the head of the line."""
        stay = self._stays.of(talk.conversation)
        if stay is None or stay.talk is not talk:
            return
        stay.talk = None
        if stay.queueing.service.line_lost(stay.place):
            work = partial(self._waits, stay, head=True)
            self._insistence.insist_apart(stay, work, "text back in line")
