"""Hands a call over where the flow sends it: to a target, or into a queue.

A target is reached by the line itself, or called over a bridge, as the flow or else the settings
say. While a bridge is up the session gives it what happens on the line, and the caller hears what
comes from it (`Transferring.handoff`). Supervisors who step in are handed the caller in the same
way. Left out: how two people are joined (`handoff`), and how callers wait (`queue_stay`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import structlog

from voicebot.acd.model import ContactId
from voicebot.errors import TransferFailed
from voicebot.flows.commands import QUEUE_PREFIX, Listen, Transfer, TransferMode
from voicebot.flows.events import FlowEvent, InputMatched, TransferDone, TransferRefused, TurnCame
from voicebot.sessions.dialogue import InQueue
from voicebot.sessions.handoff import Handoff, MakeMouth
from voicebot.sessions.mouth import Mouth
from voicebot.sessions.place import Joined, Place
from voicebot.sessions.queue_stay import ELSEWHERE, QueueStay, Waiter
from voicebot.sessions.stepping_in import STEPPED_IN, Orders, SendOn, TakeOver
from voicebot.sessions.voice_services import VoiceServices
from voicebot.telephony._api import CallLeg
from voicebot.types import Json, Language, Prompt

log = structlog.get_logger(__name__)


class Say(Protocol):
    """Says a prompt to the caller; returns at once."""

    def __call__(self, prompt: Prompt) -> None: ...


@dataclass(frozen=True, slots=True)
class BotSide:
    """What a transfer needs of the bot that is on the line.

    ``make_mouth`` makes mouths for the other legs, ``choose`` is that of a `Waiter`, ``language``
    gives that of the call now, ``told`` what rules of queues may ask for, ``in_queue`` where its
    flow waits. ``until_answered`` is that of the call's `Earshot`. ``came_back`` is called when the
    caller is the bot's again.
    """

    mouth: Mouth
    make_mouth: MakeMouth
    say: Say
    choose: Callable[[Listen], Awaitable[InputMatched]]
    language: Callable[[], Language]
    told: Callable[[], Mapping[str, Json]]
    in_queue: Callable[[], InQueue]
    until_answered: Callable[[], Awaitable[None]]
    came_back: Callable[[], None]


class Transferring:
    """The transfers of the call on ``leg``, and its place in a queue (``stay``; None where there
    are no queues). ``handoff`` is the bridge that is up now, if any; ``left_person`` tells whether
    the caller hung up while they talked to a person. ``orders`` are those of supervisors,
    ``called_back`` is that of `QueueStay`."""

    def __init__(
        self,
        leg: CallLeg,
        services: VoiceServices,
        bot: BotSide,
        orders: Orders,
        called_back: tuple[Place, Joined] | None = None,
    ) -> None:
        self.handoff: Handoff | None = None
        self.left_person = False
        queueing = services.queueing
        self.stay = (
            None
            if queueing is None
            else QueueStay(queueing, bot.in_queue, services.kept, called_back)
        )
        self._leg = leg
        self._services = services
        self._bot = bot
        self._orders = orders

    async def transfer(self, transfer: Transfer) -> FlowEvent:
        """Hand the caller over once they have heard all that was said; what the flow is told."""
        await self._bot.mouth.wait_for_silence()
        if transfer.queue:
            return await self._to_queue(transfer)
        await self.leave_queue(ELSEWHERE)
        target = self._services.transfer_targets.get(transfer.target, transfer.target)
        if not target.startswith(("sip:", "sips:", "tel:")):
            return TransferRefused(f"no address is set for '{transfer.target}'")
        queueing = self._services.queueing
        if queueing is not None and queueing.url:  # whoever takes it there has a screen too
            told = queueing.context(ContactId(self._leg.info.call_id), transfer)
            transfer = replace(transfer, context=told)
        mode = transfer.mode or self._services.transfer_modes.get(transfer.target)
        if mode is TransferMode.BRIDGE:
            return await self._over_bridge(
                lambda handoff: handoff.transfer(transfer, target, self._bot.say)
            )
        try:
            await self._leg.transfer(target, transfer.context)
        except TransferFailed as error:
            log.info("transfer_failed", target=transfer.target, status=error.status)
            return TransferRefused(error.reason)
        return TransferDone()

    def take_up(self, transfer: Transfer) -> None:
        """Let a caller whose flow does something else stand again where the contact stood before
        this call, in the queue of ``transfer``."""
        if self.stay is not None:
            self.stay.take_up(self._leg.info, transfer, self._bot.language())

    async def leave_queue(self, reason: str) -> None:
        """Give the place in a queue up, if the caller has one."""
        if self.stay is not None:
            await self.stay.leave(reason)

    async def _to_queue(self, transfer: Transfer) -> FlowEvent:
        stay, bot = self.stay, self._bot
        if stay is None:
            return TransferRefused(f"there is no queue '{transfer.queue}'")

        def wait(handoff: Handoff) -> Awaitable[FlowEvent]:
            waiter = Waiter(self._leg.info, handoff, bot.language(), bot.say, bot.choose)
            return stay.wait(waiter, transfer)

        return await self._over_bridge(wait)

    async def _over_bridge(self, hand_over: Callable[[Handoff], Awaitable[FlowEvent]]) -> FlowEvent:
        bot = self._bot
        handoff = Handoff(self._leg, bot.mouth, bot.make_mouth, self._services.handoffs)
        self.handoff = handoff
        try:
            event = await self.unless_stepped_in(hand_over(handoff))
        except asyncio.CancelledError:
            # Whoever hangs up while they talk to a person has been transferred.
            self.left_person = handoff.answered
            raise
        finally:
            self.handoff = None
        bot.came_back()
        return event

    # What comes between, while the bot listens

    async def unless_turn_comes(self, listening: Awaitable[FlowEvent]) -> FlowEvent:
        """What comes of ``listening``; or that the turn came of a caller who keeps a place in a
        queue, and then the bot is silent."""
        stay = self.stay
        if stay is None or not stay.awaits_turn:
            return await listening
        hearing = asyncio.ensure_future(listening)
        turn = asyncio.ensure_future(stay.turn())
        try:
            await asyncio.wait({hearing, turn}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                return hearing.result()
            stay.told()
            self._bot.mouth.stop()
            return TurnCame()
        finally:
            for task in (hearing, turn):
                task.cancel()
            await asyncio.wait({hearing, turn})

    async def unless_stepped_in(self, waits: Awaitable[FlowEvent]) -> FlowEvent:
        """What comes of ``waits``; or, where a supervisor steps in meanwhile, of that."""
        waiting = asyncio.ensure_future(waits)
        ordered = asyncio.ensure_future(self._ordered())
        try:
            while True:
                await asyncio.wait({waiting, ordered}, return_when=asyncio.FIRST_COMPLETED)
                if waiting.done():
                    return waiting.result()
                stepping_in = await self._taken()
                if stepping_in is not None:
                    break
                ordered = asyncio.ensure_future(self._ordered())
            await self.leave_queue(STEPPED_IN)
        finally:
            for task in (waiting, ordered):
                task.cancel()
            await asyncio.wait({waiting, ordered})
        self._bot.mouth.stop()
        return await stepping_in()

    async def _ordered(self) -> None:
        """Return when there is an order, and no secret for a supervisor to hear."""
        await self._orders.wanted()
        await self._bot.until_answered()

    async def _taken(self) -> Callable[[], Awaitable[FlowEvent]] | None:
        """How the order is to be carried out; None where nobody wants it any more."""
        match self._orders.take():
            case TakeOver() as order:
                leg = await order.come()
                if leg is None:
                    order.over.set()
                    return None
                return partial(self._to_supervisor, order, leg)
            case SendOn(queue):
                return partial(self._send_on, queue)
        return None

    async def _to_supervisor(self, order: TakeOver, leg: CallLeg) -> FlowEvent:
        try:
            event = await self._over_bridge(
                lambda handoff: handoff.converse(leg, Transfer("supervisor", {}))
            )
        finally:
            order.over.set()
            await leg.hang_up("the caller has left")
        return await self._send_on(order.onward) if order.onward else event

    async def _send_on(self, queue: str) -> FlowEvent:
        return await self._to_queue(Transfer(QUEUE_PREFIX + queue, {}, facts=self._bot.told()))
