"""How conversations in text begin: from a call, on a page, or by a first message from elsewhere.

Each contact and each sender has one conversation that goes on, at most; as many may go on as the
server allows. Left out on purpose: links and keys, of which only hashes come here.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from voicebot.errors import TextUnavailable
from voicebot.sessions.chat_application import ChatApplication
from voicebot.sessions.chat_records import ChatLine, ChatRecord, ChatStore, Who
from voicebot.sessions.chat_tally import ChatTally
from voicebot.sessions.invitation import ConversationId, MovingContact
from voicebot.types import Language


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a conversation begins with that comes from no call."""

    flow: str
    language: Language


class Beginnings:
    """Makes conversations, ``most`` of them that go on at once. What is not said here is as in
    `voicebot.sessions.chats.Chats`."""

    def __init__(
        self,
        store: ChatStore,
        hold: Callable[[], AbstractContextManager[ChatApplication]],
        fresh: Callable[[], Fresh],
        tally: ChatTally,
        most: int,
    ) -> None:
        self._store = store
        self._hold = hold
        self._fresh = fresh
        self._tally = tally
        self._most = most
        self._one_at_a_time = asyncio.Lock()

    async def of_call(
        self, contact: MovingContact, link: str, until: float, now: float
    ) -> tuple[ConversationId, bool]:
        """Give the contact's conversation, and whether it was begun just now: it waits for its
        ``link`` then, good ``until``. Raises TextUnavailable, StorageError."""
        async with self._one_at_a_time:
            known = await self._store.by_contact(contact.contact)
            if known is not None:
                return known.id, False
            self._check_room()
            record, lines = _moved(contact, now)
            await self._store.create(replace(record, link=link, link_until=until), lines)
        self._tally.began("invited")
        return record.id, True

    async def of_page(self, key: str, now: float) -> ConversationId:
        """Begin one for the browser whose ``key`` has this hash. Raises TextUnavailable,
        StorageError."""
        self._check_room()
        record = self._new(now, {}, key=key)
        await self._store.create(record, ())
        self._tally.began("begun")
        return record.id

    async def of_sender(self, channel: str, sender: str, now: float) -> tuple[ConversationId, bool]:
        """Give the conversation that ``sender`` has on ``channel``, and whether it was begun just
        now. Raises TextUnavailable, StorageError."""
        async with self._one_at_a_time:
            known = await self._store.by_sender(channel, sender)
            if known is not None:
                return known.id, False
            self._check_room()
            record = self._new(now, {"caller": sender}, channel=channel, sender=sender)
            await self._store.create(record, ())
        self._tally.began("begun")
        return record.id, True

    def _new(self, now: float, facts: dict[str, str], **fields: Any) -> ChatRecord:
        fresh = self._fresh()
        with self._hold() as application:
            state = application.interpreter(fresh.flow).begin()
        state = replace(state, variables={**state.variables, **facts})
        return ChatRecord(
            _new_id(), fresh.flow, fresh.language, "", state.to_json(), now, now, **fields
        )

    def _check_room(self) -> None:
        if self._tally.going_on >= self._most:
            raise TextUnavailable("as many conversations in text as are allowed go on already")


def _new_id() -> ConversationId:
    return ConversationId(uuid.uuid4().hex)


def _moved(contact: MovingContact, now: float) -> tuple[ChatRecord, list[ChatLine]]:
    """The conversation of a call, with what was said in it."""
    lines: list[ChatLine] = []

    def add(who: Who, words: str, at: float) -> None:
        if words:
            lines.append(ChatLine(len(lines) + 1, at, contact.channel, who, words))

    for turn in contact.turns:
        add(Who.BOT, turn.prompt, turn.at)
        add(Who.CALLER, turn.heard.text if turn.heard is not None else "", turn.at)
    state = replace(contact.state, variables={**contact.state.variables, **contact.facts})
    record = ChatRecord(
        id=_new_id(),
        contact=contact.contact,
        flow=contact.flow,
        language=contact.language,
        version=contact.version,
        state=state.to_json(),
        started_at=now,
        active_at=now,
        cursor=len(lines),
    )
    return record, lines
