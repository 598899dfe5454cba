"""How conversations come to be open in a browser: invited to by a link, opened with it, or begun.

A link's secret opens its conversation once; the browser that did so gets a key, with which it may
do so again. Left out on purpose: what secrets are made of (`chat_links`), and what a conversation
begins with (`chat_beginnings`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from voicebot.errors import StorageError, TextRefused, TextUnavailable
from voicebot.sessions.chat import ChatSession
from voicebot.sessions.chat_application import ChatApplication
from voicebot.sessions.chat_beginnings import Beginnings
from voicebot.sessions.chat_links import fits, hashed, is_secret, new_secret
from voicebot.sessions.chat_records import ChatStore
from voicebot.sessions.chat_shelf import ChatShelf
from voicebot.sessions.chat_tally import ChatTally
from voicebot.sessions.invitation import ConversationId, Invitation, MovingContact, TextStage
from voicebot.sessions.text_queue import TextQueue


@dataclass(frozen=True, slots=True)
class Opened:
    """A browser's hold on a conversation. ``key`` is new where it has just been opened, empty where
    the browser had it already."""

    conversation: ConversationId
    key: str


class ChatLinks:
    """The links of conversations on ``shelf``, each good for ``link_s``; the rest is as in
    `Chats`."""

    def __init__(
        self,
        store: ChatStore,
        shelf: ChatShelf,
        beginnings: Beginnings,
        tally: ChatTally,
        line: TextQueue,
        hold: Callable[[], AbstractContextManager[ChatApplication]],
        address: Callable[[str], str],
        link_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._beginnings = beginnings
        self._tally = tally
        self._line = line
        self._hold = hold
        self._address = address
        self._link_s = link_s
        self._clock = clock

    async def prepare(self, contact: MovingContact) -> Invitation:
        """See `TextInvitations.prepare`."""
        now, secret = self._clock(), new_secret()
        until = now + self._link_s
        link = hashed(secret)
        try:
            id_, is_new = await self._beginnings.of_call(contact, link, until, now)
            if not is_new:
                await self._renew(id_, link, until)
        except StorageError as error:
            raise TextUnavailable(str(error)) from None
        return Invitation(id_, self._address(secret), until)

    async def _renew(self, conversation: ConversationId, link: str, until: float) -> None:
        async def renew(session: ChatSession) -> None:
            await session.change(link=link, link_until=until, key="")

        await self._shelf.locked(conversation, renew)
        self._tally.counts["invited"] += 1

    async def withdraw(self, conversation: ConversationId) -> None:
        """See `TextInvitations.withdraw`."""

        async def void(session: ChatSession) -> None:
            if session.record.opened_at is None:
                await session.change(link="", link_until=0.0)

        await self._shelf.locked(conversation, void)

    async def begin(self) -> Opened:
        """Begin a conversation that comes from no call. Raises TextUnavailable, StorageError."""
        key = new_secret()
        conversation = await self._beginnings.of_page(hashed(key), self._clock())
        await self._shelf.locked(conversation, self.opened)
        return Opened(conversation, key)

    async def open(self, secret: str, keys: Callable[[ConversationId], str]) -> Opened:
        """Open the conversation of a link; ``keys`` gives the key that the browser has for it.

        Raises TextRefused: 'unknown' (forged), 'used' (opened by another browser), 'expired', and
        StorageError.
        """
        record = await self._store.by_link(hashed(secret)) if is_secret(secret) else None
        if record is None:
            raise self._tally.refused(
                "unknown", "there is no such link, or a newer one took its place"
            )

        async def redeem(session: ChatSession) -> Opened:
            known = session.record
            if fits(keys(known.id), known.key):
                await self.opened(session)
                return Opened(known.id, "")
            if known.key:
                raise TextRefused("used", "this link was opened before, in another browser")
            if self._clock() > known.link_until or session.over:
                raise TextRefused("expired", "this link is not good any more")
            key = new_secret()
            await session.change(key=hashed(key))
            await self.opened(session)
            return Opened(known.id, key)

        try:
            return await self._shelf.locked(record.id, redeem)
        except TextRefused as error:
            raise self._tally.refused(error.code, error.reason) from None

    async def opened(self, session: ChatSession) -> None:
        """Somebody holds it, maybe for the first time. With its lock held; raises StorageError."""
        is_first = session.record.opened_at is None
        with self._hold() as application:
            await session.open(application, self._clock())
            if is_first:  # somebody may have kept a place for it
                self._tally.reached(session.record, TextStage.OPENED, self._clock())
            await self._line.settle(session, application)
        if is_first:
            self._tally.ended(session, TextStage.ENDED, self._clock())
