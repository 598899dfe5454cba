"""One call's place in the queues, from the flow's transfer to the agent's goodbye.

While the caller waits they hear music, the flow's messages, and now and then their position and the
wait, in the language of the call. When an agent has answered, the rest is a bridged transfer like
any other (`Handoff.converse`). An agent may send them on, and a caller whose agent's line dies goes
back to the head of the line. A caller who chooses to do something else meanwhile keeps the place:
the flow goes on, and `turn` tells when an agent rings. Whatever ends this, the place is given up:
when the caller hangs up the task is cancelled, and an agent who rings is left in peace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from voicebot.acd import effects as e
from voicebot.acd.model import ContactState
from voicebot.errors import RoutingError
from voicebot.flows.commands import Listen, Transfer
from voicebot.flows.events import CallbackAgreed, FlowEvent, InputMatched, TransferRefused
from voicebot.sessions.dialogue import InQueue
from voicebot.sessions.handoff import Handoff
from voicebot.sessions.place import Joined, Place
from voicebot.sessions.queue_figures import HUNG_UP
from voicebot.sessions.queue_handoff import Comer, Kept, Queueing
from voicebot.sessions.talk import ToAddress, ToQueue
from voicebot.telephony._api import LegInfo
from voicebot.types import Language, Prompt

log = structlog.get_logger(__name__)

ELSEWHERE = "went elsewhere"
LEFT = "left the queue"

_TURN = frozenset({ContactState.OFFERED, ContactState.CONNECTED})


@dataclass(slots=True)
class Waiter:
    """One caller who is handed to a queue: what a `QueueStay` needs of the session.

    ``say`` says a prompt to the caller, ``language`` is that of the call now. ``choose`` listens
    for as long as it takes until the caller says or presses one of the things that are offered.
    """

    info: LegInfo
    handoff: Handoff
    language: Language
    say: Callable[[Prompt], None]
    choose: Callable[[Listen], Awaitable[InputMatched]]


class QueueStay:
    """The place of one call, if it has one. `leave` must be called in the end."""

    def __init__(
        self,
        queueing: Queueing,
        in_queue: Callable[[], InQueue],
        kept: Kept | None = None,
        called_back: tuple[Place, Joined] | None = None,
    ) -> None:
        """``in_queue`` tells where the call's flow waits, ``kept`` is the place that the contact
        had before this call, ``called_back`` that of a caller of ours, and the agent who waits
        there."""
        self._queueing = queueing
        self._in_queue = in_queue
        self._kept = kept
        self._place: Place | None = None
        self._queue = ""
        self._met: Joined | e.Overflowed | None = None
        """What came while the caller was doing something else."""
        self._told = False
        if called_back is not None:
            self._place, self._met = called_back
            self._place.forget()

    @property
    def awaits_turn(self) -> bool:
        """Whether a place is kept for a caller who has not been told that an agent rings."""
        return self._place is not None and not self._told

    async def turn(self) -> None:
        """Return while an agent rings, or has answered."""
        while self._place is not None and not self._is_turn(self._place):
            notice = await self._place.next()
            if isinstance(notice, Joined | e.Overflowed):
                self._met = notice

    def told(self) -> None:
        """The flow knows that the turn has come, and will come back to the queue or leave it."""
        self._told = True

    def _is_turn(self, place: Place) -> bool:
        standing = self._queueing.service.standing(place.contact_id)
        return standing is not None and standing.state in _TURN

    async def leave(self, reason: str) -> None:
        """Give the place up, if there is one; an agent who has answered is hung up. A caller who
        has hung up may keep it in text (`Moves`)."""
        place, self._place = self._place, None
        met, self._met, self._told = self._met, None, False
        if place is None:
            return
        moves = self._queueing.moves
        if reason == HUNG_UP and moves is not None:
            left = moves.caller_left(place, self._in_queue())
            if left is None:
                return
            reason = left
        await place.leave(reason)
        if isinstance(met, Joined):
            await met.leg.hang_up("the caller has left")

    async def wait(self, waiter: Waiter, transfer: Transfer) -> FlowEvent:
        """Let the caller wait on the line, and talk to the agent who comes; what the flow is told.

        `InputMatched` where the caller has chosen something else, and the place is kept.
        """
        try:
            if (told := self._promised(waiter, transfer)) is not None:
                return told
            place = await self._at_place(waiter, transfer)
        except RoutingError as error:
            log.warning("queue_not_entered", queue=transfer.queue, problem=str(error))
            return TransferRefused(str(error))
        event: FlowEvent | None = None
        reason = LEFT
        try:
            event = await self._come_through(place, waiter, transfer)
            return event
        except asyncio.CancelledError:
            reason = HUNG_UP
            raise
        finally:
            if not isinstance(event, InputMatched):
                await self.leave(reason)

    def _promised(self, waiter: Waiter, transfer: Transfer) -> FlowEvent | None:
        """What the flow is told where a caller without a place in this queue will be called at the
        time they chose, or cannot be; or where it is closed and will call when it opens. None for
        one who is to wait."""
        has_place = self._place is not None and self._queue == transfer.queue
        if not transfer.callback or has_place:
            return None
        at = self._queueing.appointment(transfer)
        if isinstance(at, TransferRefused):
            return at
        if at is None and not self._queueing.is_closed(transfer):
            return None
        comer = Comer.by_call(waiter.info)
        try:
            return self._queueing.promise(comer, transfer, waiter.language, transfer.callback, at)
        except RoutingError as error:
            log.info("callback_not_promised", problem=str(error))
            return None

    async def _at_place(self, waiter: Waiter, transfer: Transfer) -> Place:
        """The place that is kept in this queue, else a new one. Raises RoutingError."""
        if self._place is not None and self._queue in {"", transfer.queue}:
            self._queue = transfer.queue
            self._queueing.service.step_back(self._place)
            return self._place
        await self.leave(ELSEWHERE)
        self._told = False
        return self._enter(waiter.info, transfer, waiter.language)

    def _enter(self, info: LegInfo, transfer: Transfer, language: Language) -> Place:
        kept, self._kept = self._kept, None
        self._place = self._queueing.enter(Comer.by_call(info), transfer, language, kept)
        self._queue = transfer.queue
        return self._place

    def take_up(self, info: LegInfo, transfer: Transfer, language: Language) -> None:
        """Stand where the contact stood before this call, while the flow does something else."""
        if self._kept is None:
            return
        try:
            self._queueing.service.step_aside(self._enter(info, transfer, language))
        except RoutingError as error:
            log.warning("place_not_taken_up", queue=transfer.queue, problem=str(error))

    async def _come_through(self, place: Place, waiter: Waiter, transfer: Transfer) -> FlowEvent:
        if transfer.callback and (agreed := self._booked(place, transfer)) is not None:
            return agreed
        found, self._met = self._met, None
        while True:
            match found or await self._wait(place, waiter, transfer):
                case Joined() as joined:
                    event = await self._talk(place, joined, waiter, transfer)
                    if event is not None:
                        return event
                    found = None
                case e.Overflowed() as effect:
                    return self._queueing.refusal(effect)
                case InputMatched() as choice:
                    return choice

    async def _talk(
        self, place: Place, joined: Joined, waiter: Waiter, transfer: Transfer
    ) -> FlowEvent | None:
        """None for a caller who waits on: sent to a queue by the agent, or the line died."""
        told = replace(transfer, whisper=()) if joined.waited else transfer
        try:
            event = await waiter.handoff.converse(joined.leg, told, place.contact_id)
        finally:
            await joined.leg.hang_up("the caller has left")
        match waiter.handoff.onward:
            case ToQueue():
                return None
            case ToAddress(uri):
                told = replace(transfer, context=place.briefing.context)
                await self.leave("put through")
                return await waiter.handoff.transfer(told, uri, waiter.say)
        if event.left == "line" and self._queueing.service.line_lost(place):
            waiter.say(self._queueing.apology(place.contact_id, waiter.language))
            return None
        return event

    def _booked(self, place: Place, transfer: Transfer) -> CallbackAgreed | None:
        """What the flow is told where the caller will be called. Where not, they wait: mostly an
        agent is ringing already, or the queue takes nobody then and says so."""
        place.briefing = replace(place.briefing, way_back=transfer.way_back)
        at = self._queueing.appointment(transfer)
        try:
            if isinstance(at, TransferRefused):
                raise RoutingError(at.problem)
            self._queueing.service.book(place, transfer.callback, at)
        except RoutingError as error:
            log.info("callback_not_booked", problem=str(error))
            return None
        return self._queueing.agreed(transfer, at)

    async def _wait(
        self, place: Place, waiter: Waiter, transfer: Transfer
    ) -> Joined | e.Overflowed | InputMatched:
        # Who was called back because an agent rings is offered nothing else now.
        called_back, self._told = self._told and self._is_turn(place), False
        prompts = () if called_back else transfer.while_waiting
        if self._queueing.moves is not None:
            self._queueing.moves.may_leave(place, self._in_queue())
        choosing: asyncio.Task[InputMatched] | None = None
        with waiter.handoff.company(prompts, waiter.say):
            try:
                while True:
                    if choosing is None and transfer.choices is not None:
                        choosing = asyncio.ensure_future(waiter.choose(transfer.choices))
                    match await _first(place, choosing):
                        case Joined() | e.Overflowed() as notice:
                            return notice
                        case e.Announce() as notice:
                            waiter.say(self._queueing.announcement(notice, waiter.language))
                        case InputMatched() as choice:
                            choosing = None
                            if self._stepped_aside(place):
                                return choice
            finally:
                if choosing is not None:
                    choosing.cancel()
                    await asyncio.wait({choosing})

    def _stepped_aside(self, place: Place) -> bool:
        """Not where an agent rings already: that is what the caller came for."""
        if self._queueing.service.standing(place.contact_id) is None or self._is_turn(place):
            return False
        self._queueing.service.step_aside(place)
        return True


async def _first(place: Place, choosing: asyncio.Task[InputMatched] | None) -> object:
    """The next notice of the queue, or the caller's choice where that comes first."""
    if choosing is None:
        return await place.next()
    noticing = asyncio.ensure_future(place.next())
    try:
        await asyncio.wait({noticing, choosing}, return_when=asyncio.FIRST_COMPLETED)
        return noticing.result() if noticing.done() else choosing.result()
    finally:
        noticing.cancel()
