"""All conversations in text: begun, invited to, opened, resumed and ended.

The conversations that somebody follows or has just written to are in memory, one `ChatSession`
each; the others are in the store and come back when they are wanted. Implements `TextInvitations`
and `TextDesk` (`voicebot.sessions.invitation`).
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import structlog

from voicebot.errors import StorageError, TextRefused, TextUnavailable
from voicebot.sessions.chat import ChatApplication, ChatSession, ChatView, Message
from voicebot.sessions.chat_links import fits, hashed, is_secret, new_secret
from voicebot.sessions.chat_records import ChatLine, ChatRecord, ChatStore, Who
from voicebot.sessions.chat_shelf import ChatShelf
from voicebot.sessions.invitation import (
    ConversationId,
    Invitation,
    MovingContact,
    TextFrom,
    TextReached,
    TextStage,
    TextTo,
    TextWatcher,
)
from voicebot.types import CallId, Language, Outcome

log = structlog.get_logger(__name__)

SWEEP_S: Final = 30.0
SWEPT_AT_ONCE: Final = 200

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ChatPolicy:
    """``most`` conversations may go on at once, ``in_memory`` of them kept at hand; a link is good
    for ``link_s``; who writes nothing for ``idle_s`` has left."""

    link_s: float = 1800.0
    idle_s: float = 24 * 3600.0
    most: int = 20_000
    in_memory: int = 5_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A browser's hold on a conversation. ``key`` is new where it has just been opened, empty where
    the browser had it already."""

    conversation: ConversationId
    key: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a conversation begins with that comes from no call."""

    flow: str
    language: Language


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
    ) -> None:
        self._store = store
        self._hold = hold
        self._address = address
        self._fresh = fresh
        self._policy = policy
        self._clock = clock
        self._shelf = ChatShelf(store, policy.in_memory)
        self._watchers: list[TextWatcher] = []
        self._creating = asyncio.Lock()
        self._going_on = 0
        self._stopped = False
        self.counts: Counter[str] = Counter()
        """What has happened, by name: 'begun', 'invited', 'messages', 'lines', 'repeated',
        'refused_<code>', and the stages."""

    # Beginning and end

    def watch(self, watcher: TextWatcher) -> None:
        """Tell ``watcher`` of the stages of conversations from now on."""
        self._watchers.append(watcher)

    async def start(self) -> None:
        """Raises StorageError."""
        self._going_on = await self._store.open_count()

    async def keep_tidy(self) -> None:
        """End what nobody opened or went on with, now and then, until cancelled."""
        while True:
            await asyncio.sleep(max(1.0, min(SWEEP_S, self._policy.link_s, self._policy.idle_s)))
            try:
                await self.sweep()
            except StorageError as error:
                log.warning("chats_not_swept", problem=str(error))

    async def sweep(self) -> None:
        """Do it once. Raises StorageError."""
        now = self._clock()
        for conversation in await self._store.unopened(now, SWEPT_AT_ONCE):
            await self._end(conversation, "the link was not opened", TextStage.EXPIRED)
        quiet = now - self._policy.idle_s
        for conversation in await self._store.quiet_since(quiet, SWEPT_AT_ONCE):
            await self._end(conversation, "nobody wrote any more", TextStage.ENDED)
        self._going_on = await self._store.open_count()

    async def stop(self) -> None:
        """Let answers under way be finished, and everybody go who follows."""
        self._stopped = True
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
        return self._going_on

    # Invitations

    async def prepare(self, contact: MovingContact) -> Invitation:
        """See `TextInvitations.prepare`."""
        now, secret = self._clock(), new_secret()
        until = now + self._policy.link_s
        try:
            async with self._creating:
                known = await self._store.by_contact(contact.contact)
                if known is not None:
                    return await self._invite_again(known.id, secret, until)
                self._check_room()
                record, lines = _moved(contact, now)
                record = replace(record, link=hashed(secret), link_until=until)
                await self._store.create(record, lines)
        except StorageError as error:
            raise TextUnavailable(str(error)) from None
        self._going_on += 1
        self.counts["invited"] += 1
        return Invitation(record.id, self._address(secret), until)

    async def _invite_again(
        self, conversation: ConversationId, secret: str, until: float
    ) -> Invitation:
        async def renew(session: ChatSession) -> None:
            await session.change(link=hashed(secret), link_until=until, key="")

        await self._shelf.locked(conversation, renew)
        self.counts["invited"] += 1
        return Invitation(conversation, self._address(secret), until)

    async def withdraw(self, conversation: ConversationId) -> None:
        """See `TextInvitations.withdraw`."""

        async def void(session: ChatSession) -> None:
            if session.record.opened_at is None:
                await session.change(link="", link_until=0.0)

        await self._shelf.locked(conversation, void)

    async def begin(self) -> Opened:
        """Begin a conversation that comes from no call. Raises TextUnavailable, StorageError."""
        self._check_room()
        now, key = self._clock(), new_secret()
        fresh = self._fresh()
        with self._hold() as application:
            state = application.interpreter(fresh.flow).begin()
        record = ChatRecord(
            id=_new_id(),
            flow=fresh.flow,
            language=fresh.language,
            version="",
            state=state.to_json(),
            started_at=now,
            active_at=now,
            key=hashed(key),
        )
        await self._store.create(record, ())
        self._going_on += 1
        self.counts["begun"] += 1
        await self._shelf.locked(record.id, self._opened)
        return Opened(record.id, key)

    # Opening and following

    async def open(self, secret: str, keys: Callable[[ConversationId], str]) -> Opened:
        """Open the conversation of a link; ``keys`` gives the key that the browser has for it.

        Raises TextRefused: 'unknown' (forged), 'used' (opened by another browser), 'expired', and
        StorageError.
        """
        record = await self._store.by_link(hashed(secret)) if is_secret(secret) else None
        if record is None:
            raise self._refused("unknown", "there is no such link, or a newer one took its place")

        async def redeem(session: ChatSession) -> Opened:
            known = session.record
            if fits(keys(known.id), known.key):
                await self._opened(session)
                return Opened(known.id, "")
            if known.key:
                raise TextRefused("used", "this link was opened before, in another browser")
            if self._clock() > known.link_until or session.over:
                raise TextRefused("expired", "this link is not good any more")
            key = new_secret()
            await session.change(key=hashed(key))
            await self._opened(session)
            return Opened(known.id, key)

        return await self._counted(record.id, redeem)

    async def _opened(self, session: ChatSession) -> None:
        is_first = session.record.opened_at is None
        with self._hold() as application:
            await session.open(application, self._clock())
        if is_first:
            self._tell(session.record, TextStage.OPENED)
            self._note_end(session)

    async def check(self, conversation: ConversationId, key: str) -> None:
        """Raises TextRefused 'key' where ``key`` does not open ``conversation``."""
        session = await self._shelf.get(conversation)
        if session is None or not fits(key, session.record.key):
            raise self._refused("key", "this conversation is not open in this browser")

    async def view(self, conversation: ConversationId, after: int) -> ChatView:
        """What a page that knows the lines up to ``after`` has to show now."""
        session = await self._shelf.get(conversation)
        if session is None:
            raise self._refused("key", "this conversation is not open in this browser")
        return session.view(after)

    async def follow(self, conversation: ConversationId, after: int) -> AsyncIterator[ChatView]:
        """Each change from the line ``after`` on, the present view first, until we stop.

        Raises TextRefused 'tabs' where too many follow already.
        """
        with self._shelf.following(await self._awake(conversation)) as (session, stirred):
            while not self._stopped:
                stirred.clear()
                view = session.view(after)
                after = view.cursor
                yield view
                await stirred.wait()
                session = await self._shelf.present(session, stirred)

    async def changed(self, conversation: ConversationId, after: int, wait_s: float) -> ChatView:
        """The view once there is something after the line ``after``, at latest in ``wait_s``."""
        with self._shelf.following(await self._awake(conversation)) as (session, stirred):
            if session.record.cursor <= after and not session.over and wait_s > 0:
                try:
                    async with asyncio.timeout(wait_s):
                        await stirred.wait()
                except TimeoutError:
                    pass
            return (await self._shelf.present(session, stirred)).view(after)

    async def _awake(self, conversation: ConversationId) -> ChatSession:
        async def wake(session: ChatSession) -> ChatSession:
            with self._hold() as application:
                await session.wake(application, self._clock())
            return session

        return await self._shelf.locked(conversation, wake)

    # Messages

    async def say(self, conversation: ConversationId, message: Message) -> int:
        """Add a message and answer it; gives its cursor. Repeating it changes nothing.

        Raises TextRefused as `ChatSession.take`, StorageError.
        """

        async def take(session: ChatSession) -> int:
            before = session.record.cursor
            with self._hold() as application:
                cursor = await session.take(message, application, self._clock())
            self.counts["repeated" if cursor <= before else "messages"] += 1
            self.counts["lines"] += session.record.cursor - before
            self._note_end(session)
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
        return [
            TextTo(
                message.channel,
                message.sender,
                conversation,
                line.cursor,
                line.text,
                replies if line.cursor == session.record.cursor else (),
            )
            for line in answers
        ]

    async def _of_sender(self, message: TextFrom) -> ConversationId:
        async with self._creating:
            known = await self._store.by_sender(message.channel, message.sender)
            if known is not None:
                return known.id
            self._check_room()
            now, fresh = self._clock(), self._fresh()
            with self._hold() as application:
                state = application.interpreter(fresh.flow).begin()
            state = replace(state, variables={**state.variables, "caller": message.sender})
            record = ChatRecord(
                _new_id(), fresh.flow, fresh.language, "", state.to_json(), now, now,
                channel=message.channel, sender=message.sender,
            )  # fmt: skip
            await self._store.create(record, ())
            self._going_on += 1
            self.counts["begun"] += 1
        await self._shelf.locked(record.id, self._opened)
        return record.id

    # Back to voice

    async def leave_for_voice(self, conversation: ConversationId) -> ChatRecord:
        """The contact goes on by voice, where the text stands now: the text ends, and its record is
        what the call begins with. Raises TextRefused 'over', StorageError."""

        async def leave(session: ChatSession) -> ChatRecord:
            if session.over:
                raise TextRefused("over", "this conversation has ended")
            await session.end(None, "went on by voice", self._clock())
            session.told_end = True
            self._going_on -= 1
            self._tell(session.record, TextStage.CAME_BACK)
            return session.record

        return await self._counted(conversation, leave)

    # Inside

    async def _counted(
        self, conversation: ConversationId, work: Callable[[ChatSession], Awaitable[_T]]
    ) -> _T:
        try:
            return await self._shelf.locked(conversation, work)
        except TextRefused as error:
            self.counts[f"refused_{error.code}"] += 1
            raise

    def _check_room(self) -> None:
        if self._going_on >= self._policy.most:
            raise TextUnavailable("as many conversations in text as are allowed go on already")

    async def _end(self, conversation: ConversationId, reason: str, stage: TextStage) -> None:
        async def end(session: ChatSession) -> None:
            if session.over:
                return
            state = session.state
            outcome = Outcome.ABANDONED_IN_FLOW if state is None else state.outcome_if_hung_up
            await session.end(outcome, reason, self._clock())
            self._tell(session.record, stage)

        await self._shelf.locked(conversation, end)

    def _note_end(self, session: ChatSession) -> None:
        if session.over and not session.told_end:
            session.told_end = True
            self._going_on -= 1
            self._tell(session.record, TextStage.ENDED)

    def _tell(self, record: ChatRecord, stage: TextStage) -> None:
        self.counts[stage.value.replace(" ", "_")] += 1
        outcome = record.outcome if stage is TextStage.ENDED else None
        event = TextReached(record.id, record.contact or CallId(""), stage, self._clock(), outcome)
        for watcher in self._watchers:
            watcher.reached(event)

    def _refused(self, code: str, reason: str) -> TextRefused:
        self.counts[f"refused_{code}"] += 1
        return TextRefused(code, reason)


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
