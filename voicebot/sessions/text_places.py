"""Places in queues that go over from a call to the conversation in text of the same caller.

A caller who keeps a place and hangs up goes on in text where they have opened the link that they
were sent: their conversation stands there now, as text. Where nobody of the queue writes, they are
called when their turn comes, if that number may be called; else they stay in line, and are told so.
Who has a link and has not opened it yet has left; who opens it within ``hold_s`` has the place
again, by the time of arrival.

All this is written down from when somebody waits with a link (`held_places`), so that it is so
after a restart, too, and for who was on the line when the server died. Left out on purpose: how a
conversation stands in a queue (`text_queue`).
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeAlias

import structlog

from voicebot.acd.model import Channel, ContactState
from voicebot.acd.views import ContactPlace
from voicebot.errors import RoutingError, StorageError, TextRefused
from voicebot.events import QueueNoted
from voicebot.flows.state import Frames
from voicebot.queues.moved_words import moved_words
from voicebot.sessions.chat_records import ChatRecord, Stand
from voicebot.sessions.dialogue import InQueue
from voicebot.sessions.held_places import HeldPlace, NoPlaceRecords, PlaceBook, PlaceRecords
from voicebot.sessions.invitation import ConversationId, TextReached, TextStage
from voicebot.sessions.place import Place
from voicebot.sessions.queue_figures import HUNG_UP, SERVED, TOOK_LINK
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.waking import CallLater, Timer, on_the_loop
from voicebot.types import CallId, Language, Outcome

log = structlog.get_logger(__name__)

LONGEST_WAIT_S: Final = 4 * 3600.0
"""Who began to wait longer ago than this waits no more when the server comes back."""
REMEMBERED: Final = 20_000
"""Calls whose conversation is known, and as many whose place is held; the oldest are forgotten."""

_IN_LINE: Final = frozenset({ContactState.WAITING, ContactState.OFFERED})


Told: TypeAlias = Callable[[Language], str]
"""What is said in a conversation, by its language."""


class TextSide(Protocol):
    """The conversations, as far as a place in a queue needs them. Both raise TextRefused where the
    conversation is over, and StorageError."""

    async def take_over(
        self, conversation: ConversationId, place: Place, frames: Frames, told: Told
    ) -> None:
        """Let it stand at ``place``, for which its flow waits at ``frames``, and say ``told``."""
        ...

    async def tell(self, conversation: ConversationId, told: Told) -> None:
        """Say ``told`` in it, beside its flow."""
        ...

    async def of_call(self, call: CallId) -> ChatRecord | None:
        """The conversation of this call, if it goes on."""
        ...


@dataclass(slots=True)
class _Opened:
    """The conversation of a call, and whether it has served the caller."""

    conversation: ConversationId
    served: bool = False


@dataclass(frozen=True, slots=True)
class _Held:
    """The place of a caller who has left with a link, until the ``timer``."""

    place: HeldPlace
    timer: Timer


class TextPlaces:
    """The places of one server's calls that may go over: a `TextWatcher`.

    ``may_call`` gives a number as it is called, None for one that is not. ``clock`` gives UTC
    seconds since the epoch, ``records`` keep the places.
    """

    def __init__(
        self,
        service: QueueService,
        text: TextSide,
        hold_s: float,
        may_call: Callable[[str], str | None],
        clock: Callable[[], float] = time.time,
        call_later: CallLater = on_the_loop,
        records: PlaceRecords = NoPlaceRecords(),  # noqa: B008
    ) -> None:
        self._service = service
        self._text = text
        self._hold_s = hold_s
        self._may_call = may_call
        self._clock = clock
        self._call_later = call_later
        self._opened: OrderedDict[CallId, _Opened] = OrderedDict()
        self._held: OrderedDict[CallId, _Held] = OrderedDict()
        self._book = PlaceBook(records)
        service.watch(self._book.observe)
        self._working: set[asyncio.Task[None]] = set()

    async def restore(self) -> None:
        """Hold the places of before a restart again, and let those take them over who have opened
        their links. Raises StorageError."""
        for held in await self._book.places():
            record = await self._text.of_call(CallId(held.contact.contact_id))
            if record is None or not self._is_good(held, record.stand):
                self._book.gone(held.contact.contact_id)
                continue
            self._remember(held)
            if record.opened_at is None:
                self._hold(held)
            else:
                # Nobody has come to their desks yet.
                self._stand_again(record.id, held, _kept)
        await asyncio.gather(*self._working)

    def _is_good(self, held: HeldPlace, stand: Stand | None) -> bool:
        """Whether the caller still wants this place, which their conversation has not got yet."""
        has_it = stand is not None and stand.since <= held.since
        is_old = held.since < self._clock() - LONGEST_WAIT_S
        return not has_it and not is_old and self._service.knows(held.contact.queue)

    def _remember(self, held: HeldPlace) -> None:
        """Go on counting how long they have waited."""
        waited_s = (held.left_at or self._clock()) - held.since
        call_id, queue = CallId(held.contact.contact_id), held.contact.queue
        self._service.remember(QueueNoted(call_id, held.since, queue, waited_s), None)

    async def stop(self) -> None:
        """Let what is going over arrive, and hold nothing any more; the records do."""
        for held in self._held.values():
            held.timer.cancel()
        self._held.clear()
        await asyncio.gather(*self._working, return_exceptions=True)

    # The call

    def may_leave(self, place: Place, in_queue: InQueue) -> None:
        """See `queue_handoff.Moves`."""
        standing = self._service.standing(place.contact_id)
        if in_queue.has_link and standing is not None and standing.state in _IN_LINE:
            self._book.waits(_held(place, standing, in_queue))

    def caller_left(self, place: Place, in_queue: InQueue) -> str | None:
        """See `queue_handoff.Moves`; it is the conversation's where that was opened."""
        call_id = CallId(place.contact_id)
        standing = self._service.standing(place.contact_id)
        if standing is None or standing.callback or standing.state not in _IN_LINE:
            return HUNG_UP
        opened = self._opened.get(call_id)
        if opened is not None and opened.served:
            return SERVED
        if opened is None and not in_queue.has_link:
            return HUNG_UP
        held = replace(_held(place, standing, in_queue), left_at=self._clock())
        if opened is not None:
            self._book.waits(held)
            self._go_over(opened.conversation, place, standing.queue, in_queue.frames)
            return None
        self._book.leaves(held)
        self._hold(held)
        return TOOK_LINK

    def _hold(self, place: HeldPlace) -> None:
        call_id = CallId(place.contact.contact_id)
        timer = self._call_later(self._hold_s, lambda: self._give_up(call_id))
        self._held[call_id] = _Held(place, timer)
        if len(self._held) > REMEMBERED:
            self._give_up(next(iter(self._held)))

    def _give_up(self, call_id: CallId) -> None:
        """The link was not opened in time: the caller has left the queue when they hung up."""
        held = self._held.pop(call_id, None)
        if held is not None:
            held.timer.cancel()
            self._book.gone(held.place.contact.contact_id)
            self._service.tally.gave_up(held.place.contact.queue)

    # The conversation

    def reached(self, event: TextReached) -> None:
        """Take one fact of a conversation (`TextWatcher`)."""
        if not event.contact:
            return
        if event.stage is TextStage.OPENED:
            self._opened[event.contact] = _Opened(event.conversation)
            if len(self._opened) > REMEMBERED:
                self._opened.popitem(last=False)
            held = self._held.pop(event.contact, None)
            if held is not None:
                held.timer.cancel()
                self._come_back(event.conversation, held.place)
        elif event.outcome is Outcome.SELF_SERVED and event.contact in self._opened:
            self._opened[event.contact].served = True
        else:
            self._opened.pop(event.contact, None)

    def _come_back(self, conversation: ConversationId, held: HeldPlace) -> None:
        """The link was opened: the place is there again."""
        contact = held.contact
        writes = self._service.serves(contact.queue, Channel.TEXT)
        number = None if writes else self._may_call(held.briefing.caller)
        if number is None:
            self._stand_again(conversation, held, _kept if writes else _nobody)
            return
        try:
            self._service.promise(contact, held.briefing, number, held.since)
        except RoutingError as error:
            self._not_back(held, error)
            return
        self._book.gone(contact.contact_id)
        self._begin(self._tell(conversation, _call_at(number)))

    def _stand_again(self, conversation: ConversationId, held: HeldPlace, told: Told) -> None:
        contact = replace(held.contact, channel=Channel.TEXT)
        try:
            place = self._service.enter(contact, held.briefing, held.since)
        except RoutingError as error:
            self._not_back(held, error)
            return
        self._begin(self._take_over(conversation, place, held.frames, told))

    def _not_back(self, held: HeldPlace, error: RoutingError) -> None:
        log.info("place_not_given_back", problem=str(error))
        self._book.gone(held.contact.contact_id)
        self._service.tally.gave_up(held.contact.queue)

    def _go_over(
        self, conversation: ConversationId, place: Place, queue: str, frames: Frames
    ) -> None:
        writes = self._service.serves(queue, Channel.TEXT)
        number = None if writes else self._may_call(place.briefing.caller)
        if number is not None and self._booked(place, number):
            self._begin(self._tell(conversation, _call_at(number)))
            return
        self._service.move(place, Channel.TEXT)
        told = _kept if writes else _nobody
        self._begin(self._take_over(conversation, place, frames, told))

    def _booked(self, place: Place, number: str) -> bool:
        """Not where an agent rings at this moment, or calls cannot be made."""
        try:
            self._service.book(place, number)
        except RoutingError as error:
            log.info("callback_not_booked", problem=str(error))
            return False
        return True

    async def _take_over(
        self, conversation: ConversationId, place: Place, frames: Frames, told: Told
    ) -> None:
        try:
            await self._text.take_over(conversation, place, frames, told)
        except (TextRefused, StorageError) as error:
            log.warning("place_not_taken_along", problem=str(error))
            await place.leave(HUNG_UP)
        self._book.gone(place.contact_id)  # it stands in the records of the conversation now

    async def _tell(self, conversation: ConversationId, told: Told) -> None:
        try:
            await self._text.tell(conversation, told)
        except (TextRefused, StorageError) as error:
            log.warning("callback_not_told", problem=str(error))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="place goes over to text")
        self._working.add(task)
        task.add_done_callback(self._working.discard)


def _held(place: Place, standing: ContactPlace, in_queue: InQueue) -> HeldPlace:
    contact = replace(place.contact, queue=standing.queue)
    return HeldPlace(contact, place.briefing, standing.arrived_at, in_queue.frames)


def _kept(language: Language) -> str:
    return moved_words(language).kept


def _nobody(language: Language) -> str:
    return moved_words(language).nobody


def _call_at(number: str) -> Told:
    return lambda language: moved_words(language).call_at(number)
