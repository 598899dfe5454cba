"""Conversations in text, built from the settings and joined to the application that is served."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

import structlog
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.acd.model import ContactId
from voicebot.config import Settings
from voicebot.errors import CallRefused, StorageError, TextRefused
from voicebot.events import CallEnded, CallEvent, QueueNoted
from voicebot.flows.cards import IMAGES
from voicebot.live.edition import Edition, Editions
from voicebot.queues.reader import QueueFile
from voicebot.sessions.call_limits import CallLimits
from voicebot.sessions.call_me import CallMe, CallMePolicy
from voicebot.sessions.callers import Callers
from voicebot.sessions.chat_application import ChatApplication
from voicebot.sessions.chat_beginnings import Fresh
from voicebot.sessions.chat_ledger import ChatLedger
from voicebot.sessions.chat_records import ChatLine, ChatRecord
from voicebot.sessions.chats import ChatPolicy, Chats
from voicebot.sessions.feed import LiveEvent
from voicebot.sessions.held_places import PlaceRecords
from voicebot.sessions.invitation import ConversationId, TextTo
from voicebot.sessions.offers import DeflectionLedger
from voicebot.sessions.outbound import DialOrder, DialReport
from voicebot.sessions.queue_handoff import Moves, Queueing
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.quick_replies import QuickReplies
from voicebot.sessions.spoken_lines import SpokenLines
from voicebot.sessions.text_places import TextPlaces
from voicebot.sessions.text_talk import TextTalk
from voicebot.sessions.typed import TypedInput
from voicebot.storage.asked_calls import SqlAskedCalls
from voicebot.storage.conversations import SqlChatStore
from voicebot.telephony._api import LegInfo
from voicebot.telephony.networks import prefix
from voicebot.telephony.webrtc import WebRtcDoor
from voicebot.texting.numbers import as_e164
from voicebot.types import CallId, Json
from voicebot.web.api.chat import CallBack, ChatRules, Entrance, chat_router
from voicebot.web.api.chat_models import CallGrant
from voicebot.web.api.chat_socket import chat_socket
from voicebot.web.card_images import card_images_router
from voicebot.web.chat_page import chat_page_router

log = structlog.get_logger(__name__)

LEDGER_DAYS: Final = 7
MOST_FOUND: Final = 2_000
"""Conversations that a start looks for which ended when nobody could write them down."""
CONVERSATION: Final = "conversation"
"""The header by which the WebRTC door tells what a call goes on with."""


_Talk: TypeAlias = tuple[ChatRecord, Sequence[ChatLine]]


class Chatting:
    """The text side of a server. ``append`` writes down what becomes of contacts, ``url`` gives
    where the server itself can be reached, ``order`` has a call made; ``queueing`` gives the queues
    as a version of the application sees them (None: there are none), ``world`` what flows may know
    of them."""

    def __init__(
        self,
        settings: Settings,
        engine: AsyncEngine,
        editions: Editions,
        callers: Callers,
        append: Callable[[CallEvent], None],
        url: Callable[[], str],
        order: Callable[[DialOrder], DialReport],
        queueing: Callable[[QueueFile], Queueing] | None = None,
        world: Callable[[], Mapping[str, Json]] = dict,
    ) -> None:
        self._queueing = queueing
        self._world = world
        self._settings = settings
        self._engine = engine
        self._editions = editions
        self._callers = callers
        self._append = append
        self._url = url
        self._applications: WeakKeyDictionary[object, ChatApplication] = WeakKeyDictionary()
        text = settings.text
        self._store = SqlChatStore(engine)
        self._ledger = ChatLedger(append, self._noted)
        self._taken_along: dict[CallId, _Talk] = {}
        self._called_back: dict[CallId, _Talk] = {}
        self.chats = Chats(
            self._store,
            self._hold,
            self._address,
            self._fresh,
            ChatPolicy(text.link_s, text.idle_s, text.most if text.enabled else 0, text.in_memory),
        )
        self.chats.watch(DeflectionLedger(append))
        self.chats.keep_ledger(self._ledger.ended)
        self._spoken = SpokenLines(self.chats)
        self.call_me = self._new_call_me(order)
        if text.enabled:
            self._fresh()  # raises UsageError where there is no such flow
        self._tidying: asyncio.Task[None] | None = None
        self._in_line: asyncio.Task[None] | None = None
        self._places: TextPlaces | None = None

    @property
    def desk(self) -> Chats | None:
        """Who invites to text and takes what is written elsewhere; None where that is switched
        off."""
        return self.chats if self._settings.text.enabled else None

    async def start(self) -> None:
        """Raises StorageError."""
        if self._settings.text.enabled:
            await self.chats.start()
            await self.call_me.start()
            since = time.time() - LEDGER_DAYS * 86_400
            for record in await self._store.not_in_ledger(since, MOST_FOUND):
                self._ledger.found(record, await self._store.lines(record.id))
            self._tidying = asyncio.create_task(
                self.chats.tidying.keep(), name="conversations swept"
            )

    async def stop(self) -> None:
        """Let answers under way be finished, and let the pages go."""
        chores = [each for each in (self._tidying, self._in_line) if each is not None]
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        await self._spoken.stop()
        if self._places is not None:
            await self._places.stop()
        await self.chats.stop()
        await self.call_me.stop()

    def take_places(self, service: QueueService, records: PlaceRecords) -> Moves | None:
        """Let conversations take the places of calls in these queues over, which ``records`` keep,
        and be called back; None where there is no text."""
        if not self._settings.text.enabled:
            return None
        self.chats.line.callbacks.may_call = self.call_me.allowed
        hold_s = self._settings.queues.text_hold_s
        self._places = TextPlaces(
            service, self.chats.taken_over, hold_s, self.call_me.allowed, records=records
        )
        self.chats.watch(self._places)
        service.watch(self.chats.line.observe)
        return self._places

    async def serve_people(
        self, talking: Callable[[TextTalk], None], post: Callable[[TextTo], Awaitable[None]]
    ) -> None:
        """Let conversations that wait for a person have their places, from now on. ``talking`` is
        told of each that an agent takes, ``post`` brings lines to where there is no page. Raises
        StorageError."""
        if self._settings.text.enabled:
            self.chats.line.agents.talking = talking
            self.chats.line.messengers.post = post
            if self._places is not None:
                await self._places.restore()
            self._in_line = asyncio.create_task(self.chats.line.keep(), name="text in queues")

    def tells_later(self, contact: CallId) -> bool:
        """Whether ``contact`` is a conversation that goes on: the records know of it from its end
        on, and are told then what became of it in the queues."""
        return self.chats.goes_on(ConversationId(contact))

    def _noted(self, contact: CallId) -> QueueNoted | None:
        if self._queueing is None:
            return None
        service = self._queueing(self._editions.current.application.queues).service
        return service.noted(ContactId(contact))

    def _new_call_me(self, order: Callable[[DialOrder], DialReport]) -> CallMe:
        rules, ring_s = self._settings.call_me, self._settings.outbound.answer_timeout_s
        number = partial(as_e164, country_code=self._settings.texting.country_code)
        policy = CallMePolicy(tuple(rules.prefixes), number, rules.caller, ring_s, prefix)
        limits = CallLimits(rules.per_number, rules.per_hour, rules.per_address)
        asked = SqlAskedCalls(self._engine)
        return CallMe(self.chats, order, policy, limits, asked, time.time)

    def routers(self, webrtc: WebRtcDoor) -> tuple[APIRouter, ...]:
        """What text needs of the HTTP side."""
        text = self._settings.text
        if not text.enabled:
            return ()
        rules = ChatRules(
            tuple(text.origins),
            text.opens_per_minute,
            text.messages_per_minute,
            text.fresh,
            text.public_url.startswith("https:"),
            int(text.idle_s),
        )
        entrance = Entrance(self.chats, rules)
        images = self._settings.server.application / IMAGES
        pages = chat_page_router(), card_images_router(images)
        call_back = _call_back(webrtc) if self._settings.webrtc.enabled else None
        return chat_router(entrance, call_back, self.call_me), chat_socket(entrance), *pages

    async def left_for(self, info: LegInfo) -> ChatRecord | None:
        """The conversation that a call from its page goes on with; None for every other call."""
        conversation = info.headers.get(CONVERSATION, "") if info.transport == "webrtc" else ""
        if not conversation:
            return None
        try:
            record = await self.chats.leave_for_voice(ConversationId(conversation))
        except (TextRefused, StorageError) as error:
            log.warning("text_not_taken_along", call_id=info.call_id, problem=str(error))
            return None
        self._spoken.follow(info.call_id, record.id)
        self._taken_along[info.call_id] = record, await self._written(record)
        return record

    async def called(self, info: LegInfo) -> ChatRecord | None:
        """The conversation that a call of ours goes on with, which it was ordered for and somebody
        has answered; None where there is nothing to go on with (`CallMe.goes_on`)."""
        record = await self.call_me.goes_on(info)
        if record is not None:
            self._spoken.follow(info.call_id, record.id)
            self._called_back[info.call_id] = record, await self._written(record)
        return record

    async def _written(self, record: ChatRecord) -> Sequence[ChatLine]:
        """All lines so far; none where they cannot be read, for the call goes before."""
        try:
            return await self._store.lines(record.id)
        except StorageError as error:
            log.warning("text_without_turns", problem=str(error))
            return ()

    def publish(self, event: LiveEvent) -> None:
        """Take what happens in any call: some go on with a conversation."""
        self._spoken.publish(event)
        if isinstance(event, CallEnded):
            if (talk := self._called_back.pop(event.call_id, None)) is not None:
                self._ledger.called_back(*talk, event.at, event.outcome)
            if (talk := self._taken_along.pop(event.call_id, None)) is not None:
                self._ledger.spoken(*talk, event.call_id)

    @contextmanager
    def _hold(self) -> Iterator[ChatApplication]:
        with self._editions.hold() as edition:
            yield self._application(edition)

    def _application(self, edition: Edition) -> ChatApplication:
        application = edition.application
        known = self._applications.get(application.listen_grammars)
        if known is None:
            application.wake(application.language)
            known = self._applications[application.listen_grammars] = ChatApplication(
                edition.version,
                application.interpreter_for,
                TypedInput(application.listen_grammars, application.comprehension),
                QuickReplies(application.listen_grammars),
                partial(self._callers.act, application.act),
                self._append,
                None if self._queueing is None else self._queueing(application.queues),
                self._world,
            )
        return known

    def _fresh(self) -> Fresh:
        application = self._editions.current.application
        flow = self._settings.text.flow or application.flow
        return Fresh(flow, application.flows[flow].language)

    def _address(self, secret: str) -> str:
        return f"{self._settings.text.public_url or self._url()}/t/{secret}"


def _call_back(webrtc: WebRtcDoor) -> CallBack:
    async def grant(conversation: ConversationId) -> CallGrant:
        try:
            token, seconds = webrtc.issue_token(conversation)
        except CallRefused as error:
            raise TextRefused("voice", error.reason, error.retry_after_s) from None
        return CallGrant(
            token=token, expires_in_s=seconds, ice_servers=webrtc.browser_ice_servers()
        )

    return grant
