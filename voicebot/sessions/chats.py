"""All conversations in text: begun, invited to, opened, resumed and ended.

The conversations that somebody follows or has just written to are in memory, one `ChatSession`
each; the others are in the store and come back when they are wanted. Implements `TextInvitations`
and `TextDesk` (`voicebot.sessions.invitation`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TypeVar

from voicebot.errors import StorageError, TextRefused, TextUnavailable
from voicebot.sessions.chat import ON_CALL, ChatSession
from voicebot.sessions.chat_application import ChatApplication
from voicebot.sessions.chat_beginnings import Beginnings, Fresh
from voicebot.sessions.chat_following import Following
from voicebot.sessions.chat_links import fits, hashed
from voicebot.sessions.chat_meaning import Message
from voicebot.sessions.chat_opening import ChatLinks, Opened
from voicebot.sessions.chat_records import ChatLine, ChatRecord, ChatStore
from voicebot.sessions.chat_shelf import ChatShelf
from voicebot.sessions.chat_tally import ChatTally
from voicebot.sessions.chat_tidying import Tidying
from voicebot.sessions.chat_view import ChatView
from voicebot.sessions.invitation import (
    ConversationId,
    Invitation,
    MovingContact,
    TextFrom,
    TextStage,
    TextTo,
    TextWatcher,
)
from voicebot.sessions.queue_figures import BY_VOICE
from voicebot.sessions.spoken_lines import SpokenLine
from voicebot.sessions.text_messengers import line_to
from voicebot.sessions.text_queue import TextQueue
from voicebot.sessions.text_taken_over import TakenOver
from voicebot.sessions.waking import CallLater, on_the_loop

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ChatPolicy:
    """``most`` conversations may go on at once, ``in_memory`` of them kept at hand; a link is good
    for ``link_s``; who writes nothing for ``idle_s`` has left."""

    link_s: float = 1800.0
    idle_s: float = 24 * 3600.0
    most: int = 20_000
    in_memory: int = 5_000


class Chats:
    """The conversations of one server. ``hold`` keeps the present version of the application for a
    message and its answer; ``address`` makes the link's URL of its secret; ``fresh`` says what a
    conversation begins with; ``clock`` gives UTC seconds since the epoch."""

    def __init__(
        self,
        store: ChatStore,
        hold: Callable[[], AbstractContextManager[ChatApplication]],
        address: Callable[[str], str],
        fresh: Callable[[], Fresh],
        policy: ChatPolicy = ChatPolicy(),
        clock: Callable[[], float] = time.time,
        call_later: CallLater = on_the_loop,
    ) -> None:
        self._store = store
        self._hold = hold
        self._clock = clock
        self._shelf = ChatShelf(store, policy.in_memory, lambda id_: self.line.pages.stirred(id_))
        self._tally = ChatTally()
        self.line = TextQueue(store, self._shelf, hold, self._over, clock, call_later)
        self.taken_over = TakenOver(store, self._shelf, self.line, hold, clock)
        self._beginnings = Beginnings(store, hold, fresh, self._tally, policy.most)
        self.tidying = Tidying(
            store, self._shelf, self._tally, policy.link_s, policy.idle_s, clock, self.line.left
        )
        self._links = ChatLinks(
            store,
            self._shelf,
            self._beginnings,
            self._tally,
            self.line,
            hold,
            address,
            policy.link_s,
            clock,
        )
        self._following = Following(self._shelf, self.line, self._tally, hold, self._over, clock)

    # Beginning and end

    def watch(self, watcher: TextWatcher) -> None:
        """Tell ``watcher`` of the stages of conversations from now on."""
        self._tally.watch(watcher)

    def keep_ledger(self, ledger: Callable[[ChatRecord, Sequence[ChatLine]], None]) -> None:
        """See `ChatTally.keep_ledger`."""
        self._tally.keep_ledger(ledger)

    async def start(self) -> None:
        """Raises StorageError."""
        self._tally.going_on = await self._store.open_count()

    async def stop(self) -> None:
        """Let answers under way be finished, and everybody go who follows."""
        self._following.stopped = True
        await self.line.stop()
        await self._shelf.stop()

    @property
    def in_memory(self) -> int:
        return len(self._shelf)

    @property
    def followed(self) -> int:
        """Pages that follow a conversation."""
        return self._shelf.followed

    @property
    def going_on(self) -> int:
        return self._tally.going_on

    @property
    def counts(self) -> Counter[str]:
        """What has happened, see `ChatTally.counts`."""
        return self._tally.counts

    # Invitations

    async def prepare(self, contact: MovingContact) -> Invitation:
        """See `TextInvitations.prepare`."""
        return await self._links.prepare(contact)

    async def withdraw(self, conversation: ConversationId) -> None:
        """See `TextInvitations.withdraw`."""
        await self._links.withdraw(conversation)

    # Opening and following

    async def begin(self) -> Opened:
        """See `ChatLinks.begin`."""
        return await self._links.begin()

    async def open(self, secret: str, keys: Callable[[ConversationId], str]) -> Opened:
        """See `ChatLinks.open`."""
        return await self._links.open(secret, keys)

    async def check(self, conversation: ConversationId, key: str) -> None:
        """Raises TextRefused 'key' where ``key`` does not open ``conversation``."""
        session = await self._shelf.get(conversation)
        if session is None or not fits(key, session.record.key):
            raise self._tally.refused("key", "this conversation is not open in this browser")

    async def view(self, conversation: ConversationId, after: int) -> ChatView:
        """See `Following.view`."""
        return await self._following.view(conversation, after)

    def follow(self, conversation: ConversationId, after: int) -> AsyncGenerator[ChatView, None]:
        """See `Following.follow`."""
        return self._following.follow(conversation, after)

    async def changed(self, conversation: ConversationId, after: int, wait_s: float) -> ChatView:
        """See `Following.changed`."""
        return await self._following.changed(conversation, after, wait_s)

    # Messages

    async def say(self, conversation: ConversationId, message: Message) -> int:
        """Add a message and answer it; gives its cursor. Repeating it changes nothing.

        Raises TextRefused as `ChatSession.take`, StorageError.
        """

        async def take(session: ChatSession) -> int:
            before = session.record.cursor
            with self._hold() as application:
                cursor = await session.take(message, application, self._clock())
                await self.line.settle(session, application)
            self.writes(conversation, False)
            self._tally.said(session, cursor, before)
            self._tally.ended(session, TextStage.ENDED, self._clock())
            return cursor

        return await self._counted(conversation, take)

    async def take(self, message: TextFrom) -> Sequence[TextTo]:
        """See `TextDesk.take`."""
        try:
            conversation = await self._of_sender(message)
            # Their ids are as long as they like; ours fit the column.
            id_ = hashed(f"{message.channel}:{message.message_id}")
            ours = Message(id_, message.text, message.channel)
            await self.say(conversation, ours)
            session = await self._shelf.get(conversation)
        except StorageError as error:
            raise TextUnavailable(str(error)) from None
        assert session is not None, "who has written is kept"
        place = next(line.cursor for line in session.lines if line.client_id == ours.client_id)
        answers = session.answers_to(place)
        replies = session.view(session.record.cursor).replies
        last = session.record.cursor
        return [
            line_to(session.record, line, replies if line.cursor == last else ())
            for line in answers
        ]

    async def _of_sender(self, message: TextFrom) -> ConversationId:
        id_, is_new = await self._beginnings.of_sender(
            message.channel, message.sender, self._clock()
        )
        if is_new:
            await self._shelf.locked(id_, self._links.opened)
        return id_

    # Waiting for a person

    async def leave_line(self, conversation: ConversationId) -> None:
        """The caller waits for nobody any more, and the flow goes on. Raises TextRefused 'line'
        where nobody waits, StorageError."""

        async def leave(session: ChatSession) -> None:
            with self._hold() as application:
                await self.line.leave_line(session, application)
            self._over(session)

        await self._counted(conversation, leave)

    def writes(self, conversation: ConversationId, on: bool) -> None:
        """The caller is typing, or is not."""
        self.line.pages.writes(conversation, on)

    def _over(self, session: ChatSession) -> None:
        self._tally.ended(session, TextStage.ENDED, self._clock())

    # Back to voice

    async def leave_for_voice(
        self, conversation: ConversationId, reason: str = BY_VOICE, number: str = ""
    ) -> ChatRecord:
        """The contact goes on by voice, where the text stands now: the text ends, and its record is
        what the call begins with, with the place that it had in a queue. ``number`` is the one that
        was called; what is kept of the conversation is from then on that number's. Raises
        TextRefused 'over', StorageError."""

        async def leave(session: ChatSession) -> ChatRecord:
            if session.over:
                raise TextRefused("over", "this conversation has ended")
            session.call = ON_CALL
            if number:
                await session.change(sender=number)
            stand = session.record.stand
            await session.end(None, reason, self._clock())
            self.line.left(session, BY_VOICE)
            self._tally.ended(session, TextStage.CAME_BACK, self._clock())
            return replace(session.record, stand=stand)

        return await self._counted(conversation, leave)

    async def record(self, conversation: ConversationId) -> ChatRecord:
        """The conversation as it stands. Raises TextRefused 'key', StorageError."""
        session = await self._shelf.get(conversation)
        if session is None:
            raise self._tally.refused("key", "this conversation is not open in this browser")
        return session.record

    def goes_on(self, conversation: ConversationId) -> bool:
        """Whether it is at hand and not over."""
        session = self._shelf.at_hand(conversation)
        return session is not None and not session.over

    def call_is(self, conversation: ConversationId, state: str) -> None:
        """Tell the pages how it stands with a call that goes on with the conversation."""
        session = self._shelf.at_hand(conversation)
        if session is not None:
            session.call = state
            session.tell()

    async def spoken(self, conversation: ConversationId, lines: Sequence[SpokenLine]) -> None:
        """Add what was said in such a call. Raises TextRefused, StorageError."""

        async def add(session: ChatSession) -> None:
            await session.add_spoken(lines, self._clock())

        await self._shelf.locked(conversation, add)

    # Inside

    async def _counted(
        self, conversation: ConversationId, work: Callable[[ChatSession], Awaitable[_T]]
    ) -> _T:
        try:
            return await self._shelf.locked(conversation, work)
        except TextRefused as error:
            raise self._tally.refused(error.code, error.reason) from None
