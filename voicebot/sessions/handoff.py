"""Hands a caller to a person over a bridge, and takes them back.

One bridged transfer: the target is called while the caller hears music and messages; who answers is
told what it is about; then the two talk. The call stays here all the while, so that the flow can go
on with the caller when the person has left. It belongs to the task that runs `transfer`: when the
caller hangs up that is cancelled, and takes the ringing or the person's line with it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from voicebot.errors import DialFailed
from voicebot.flows.commands import Transfer
from voicebot.flows.events import FlowEvent, TransferRefused, TransferReturned
from voicebot.media.hold_music import LoopedSound, own_piece
from voicebot.sessions.mouth import Mouth
from voicebot.sessions.talk import Onward, Talk, ToFlow
from voicebot.telephony._api import CallLeg, Dialer, LegEnded, LegEvent
from voicebot.telephony.bridge import Bridge, BridgeCounters, Seat, Watching, attend
from voicebot.types import CallId, Prompt, Samples

log = structlog.get_logger(__name__)

RING_S = 30.0
MESSAGE_EVERY_S = 20.0
"""Music between two messages to one who waits."""
WHISPER_LIMIT_S = 20.0
"""The longest that a caller waits for what the person is told."""

_SHOWABLE = re.compile(r"[A-Za-z0-9_+.-]{0,64}")


@dataclass(frozen=True, slots=True)
class HandoffServices:
    """What all bridged transfers share.

    ``dialer`` calls the targets, None where no door can. ``music`` gives what is played on hold
    (int16) at a rate in Hz. ``opened`` is told of each bridge with the seats of caller and person:
    whoever wants to tap, listen in or whisper; ``talking`` of what the person may do in it.
    """

    dialer: Dialer | None = None
    music: Callable[[int], Samples] = own_piece
    ring_s: float = RING_S
    counters: BridgeCounters = field(default_factory=BridgeCounters)
    opened: Callable[[Bridge, Seat, Seat], None] = lambda bridge, caller, person: None
    talking: Callable[[Talk], None] = lambda talk: None
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    def load_music(self) -> None:
        """Make the music of both bands; takes long enough that no call should wait for it."""
        for rate in (8000, 16_000):
            self.music(rate)

    def looped(self, rate: int) -> LoopedSound:
        """The music on hold, without an end."""
        return LoopedSound(self.music(rate), rate)


def showable(caller: str) -> str:
    """The caller's number or name where a telephone could show it, else nothing."""
    return caller if _SHOWABLE.fullmatch(caller) else ""


class MakeMouth(Protocol):
    """Makes a mouth for a leg of ``rate`` Hz that speaks as the bot does."""

    def __call__(self, rate: int) -> Mouth: ...


class Handoff:
    """One bridged transfer of the caller on ``leg``, whose own prompts come from ``mouth``.

    ``receive`` takes what happens on the caller's leg meanwhile, `next_frame` gives what the caller
    hears. ``answered`` tells whether the target took the call, ``onward`` where the person who left
    last wanted the caller to go.
    """

    def __init__(
        self, leg: CallLeg, mouth: Mouth, make_mouth: MakeMouth, services: HandoffServices
    ) -> None:
        self.answered = False
        self.onward: Onward | None = None
        self._leg = leg
        self._mouth = mouth
        self._make_mouth = make_mouth
        self._services = services
        self._music = services.looped(leg.sample_rate)
        self._seat: Seat | None = None

    # The caller's leg

    def receive(self, event: LegEvent) -> None:
        if self._seat is not None:
            self._seat.receive(event)

    def next_frame(self, now: float) -> Samples | None:
        if self._seat is not None:
            return self._seat.next_frame(now)
        if self._mouth.speaker.is_speaking:
            return self._mouth.speaker.next_frame(now)
        return self._music.next_frame(now)

    # From ringing to the end

    async def transfer(
        self, transfer: Transfer, uri: str, say: Callable[[Prompt], None]
    ) -> FlowEvent:
        """Call ``uri``, join the two and return when the person has left or never came.

        ``say`` says a prompt to the caller.
        """
        if self._services.dialer is None:
            return TransferRefused("no door can call out")
        try:
            person = await self._ring(self._services.dialer, transfer, uri, say)
        except DialFailed as error:
            log.info("transfer_failed", target=transfer.target, status=error.status)
            return TransferRefused(error.outcome)
        try:
            return await self.converse(person, transfer)
        finally:
            await person.hang_up("the caller has left")

    async def _ring(
        self, dialer: Dialer, transfer: Transfer, uri: str, say: Callable[[Prompt], None]
    ) -> CallLeg:
        ring_s = self._services.ring_s if transfer.ring_ms is None else transfer.ring_ms / 1000
        with self.company(transfer.while_waiting, say):
            return await dialer.dial(
                uri,
                caller=showable(self._leg.info.caller),
                headers=transfer.context,
                timeout_s=ring_s,
            )

    @contextmanager
    def company(self, prompts: tuple[Prompt, ...], say: Callable[[Prompt], None]) -> Iterator[None]:
        """Say ``prompts`` over and over to the caller, who waits; at the end there is silence."""
        messages = asyncio.create_task(self._keep_company(prompts, say))
        try:
            yield
        finally:
            messages.cancel()
            self._mouth.stop()

    async def _keep_company(
        self, prompts: tuple[Prompt, ...], say: Callable[[Prompt], None]
    ) -> None:
        while prompts:
            for prompt in prompts:
                say(prompt)
            await self._mouth.wait_for_silence()
            await self._services.sleep(MESSAGE_EVERY_S)

    async def converse(
        self, person: CallLeg, transfer: Transfer, contact: str = ""
    ) -> TransferReturned:
        """Tell ``person``, whose leg is up, what it is about, join the two, and return when the
        person has left. ``person`` is not hung up. ``contact`` is the caller's in the queues, empty
        where that is the call."""
        loop = asyncio.get_running_loop()
        bridge = self._bridge(person)
        caller_seat = bridge.join("caller", self._leg.sample_rate)
        person_seat = bridge.join("agent", person.sample_rate)
        self._services.opened(bridge, caller_seat, person_seat)
        self._seat = caller_seat
        caller_seat.hold()
        attending = asyncio.create_task(attend(person, person_seat))
        self.answered, self.onward = True, None
        known_as = CallId(contact) if contact else self._leg.info.call_id
        talk = Talk(known_as, bridge, caller_seat, person_seat, person, self._leg)
        self._services.talking(talk)
        try:
            await self._whisper(transfer.whisper, person, person_seat, attending)
            talk.connect()
            began = loop.time()
            ended = await talk.until_left(attending)
        finally:
            attending.cancel()
            await asyncio.wait({attending})
            await talk.close()
            self._seat = None
            caller_seat.leave("the bridge was closed")
        self.onward = talk.onward
        left = "line" if ended.failed else "agent"
        way = talk.onward.way if isinstance(talk.onward, ToFlow) else ""
        return TransferReturned(max(0.0, loop.time() - began), left, way)

    def _bridge(self, person: CallLeg) -> Bridge:
        return Bridge(
            max(self._leg.sample_rate, person.sample_rate),
            music=self._services.looped,
            watching=Watching(),
            counters=self._services.counters,
        )

    async def _whisper(
        self,
        prompts: tuple[Prompt, ...],
        person: CallLeg,
        seat: Seat,
        attending: asyncio.Task[LegEnded],
    ) -> None:
        """Tell the person alone what it is about."""
        if not prompts:
            return
        mouth = self._make_mouth(person.sample_rate)
        for prompt in prompts:
            mouth.say(prompt, bargein=False)
        seat.whisper(mouth.speaker)
        silence = asyncio.create_task(mouth.wait_for_silence())
        try:
            await asyncio.wait(
                {silence, attending},
                timeout=WHISPER_LIMIT_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            silence.cancel()
            mouth.stop()
            seat.whisper(None)
