"""A caller and the person they talk to, and what that person may do: hold, keys, consult, hand on.

A `Talk` lasts from the person's answer until they, or whoever has the caller after them (handed
over, or taken over by a supervisor), have left. `Handoff.converse` makes it and waits for its end;
who works at a desk has it from `HandoffServices.talking`. What is wanted for the caller afterwards
stands in ``onward``.
Left out on purpose: who may do this (the desk's), and where queues are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import structlog

from voicebot.errors import DialFailed, UsageError
from voicebot.media.key_tones import KeySounds
from voicebot.telephony._api import CallLeg, LegEnded, signal_key
from voicebot.telephony.bridge import Bridge, Seat, attend
from voicebot.types import KEYS, CallId

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ToQueue:
    """The caller waits again; the distribution has been told already."""


@dataclass(frozen=True, slots=True)
class ToAddress:
    """The caller is put through to a SIP URI, and the person has gone."""

    uri: str


@dataclass(frozen=True, slots=True)
class ToFlow:
    """The caller goes back into the flow, which finds ``way`` in `transfer.to`."""

    way: str


Onward: TypeAlias = ToQueue | ToAddress | ToFlow


class Consulting(StrEnum):
    """How it stands with somebody whom the person asks for advice."""

    RINGING = "ringing"
    THERE = "there"
    FAILED = "failed"
    """They did not come; the reason is in ``problem``."""


@dataclass(slots=True)
class Consulted:
    """Somebody else in the conversation. ``joined``: the caller hears them too."""

    name: str
    state: Consulting = Consulting.RINGING
    problem: str = ""
    joined: bool = False


class Talk:
    """One conversation. What makes no sense as it stands raises UsageError and changes nothing.

    ``changed`` is called whenever something changes by itself; whoever watches sets it. ``person``
    is the seat of whoever has the caller now.
    """

    def __init__(
        self,
        contact_id: CallId,
        bridge: Bridge,
        caller: Seat,
        person: Seat,
        leg: CallLeg,
        caller_leg: CallLeg | None = None,
    ) -> None:
        """``leg`` is the person's; without ``caller_leg`` the caller can only hear keys."""
        self.contact_id = contact_id
        self.bridge = bridge
        self.caller = caller
        self.person = person
        self.onward: Onward | None = None
        self.consulted: Consulted | None = None
        self.held = False
        self.over = False
        self.changed: Callable[[], None] = lambda: None
        self._leg = leg
        self._caller_leg = caller_leg
        self._keys = KeySounds(caller.rate)
        self._advisers_keys = KeySounds(caller.rate)
        bridge.watching.key = self._pass_on
        self._asking: asyncio.Task[LegEnded | None] | None = None
        self._adviser: tuple[CallLeg, Seat] | None = None
        self._successor: asyncio.Task[LegEnded | None] | None = None
        """Lasts as long as whoever has the caller after the one who is waited for."""
        self._heir: asyncio.Task[LegEnded | None] | None = None
        """Whoever was consulted and has the caller now: ends with the conversation."""
        self._closed = asyncio.Event()

    @property
    def call_id(self) -> CallId:
        """The call of the caller's line; that of who was called back is not their contact's."""
        return self.contact_id if self._caller_leg is None else self._caller_leg.info.call_id

    # For the handoff

    def connect(self) -> None:
        """Caller and person may hear each other, unless the caller was put on hold meanwhile."""
        self.caller.whisper(self._keys)
        if not self.held:
            self.caller.take_back()

    async def until_left(self, attending: asyncio.Task[LegEnded]) -> LegEnded:
        """Wait for the person's end, and for that of everybody who has the caller after them."""
        ended = await attending
        while self._successor is not None:
            successor, self._successor = self._successor, None
            # Who is cut off must not end the caller's session with them.
            await asyncio.wait({successor})
            if successor.cancelled():
                ended = LegEnded("the line was cut", 0.0, failed=True)
            else:
                ended = successor.result() or ended
        return ended

    async def close(self) -> None:
        """The conversation is over: let go of whoever was consulted, or has the caller since."""
        self.over = True
        self._closed.set()
        await self._dismiss()
        if self._heir is not None:
            self._heir.cancel()
            await asyncio.wait({self._heir})
        self.changed()

    # For the person

    def hold(self) -> None:
        """The caller hears music."""
        self._check()
        self.held = True
        self.caller.hold()
        self.changed()

    def take_back(self) -> None:
        """End `hold`; whoever is consulted is heard by the caller too."""
        self._check()
        self.held = False
        if self.consulted is not None:
            self.consulted.joined = True
        self.caller.take_back()
        self.changed()

    def press(self, key: str) -> None:
        """Send a key, one of `voicebot.types.KEYS`, to whoever is consulted, else to the caller's
        side: as a signal where their line takes those, else as a tone."""
        self._check()
        if key not in KEYS:
            raise UsageError("that is no key of a telephone")
        leg, sounds = self._caller_leg, self._keys
        if self.consulted is not None and self.consulted.state is Consulting.THERE:
            assert self._adviser is not None, "who is there has a leg"
            leg, sounds = self._adviser[0], self._advisers_keys
        if leg is None or not signal_key(leg, key):
            sounds.press(key)

    def _pass_on(self, seat: Seat, key: str, at: float) -> None:
        """Keys of the person's own telephone go where those of the desk go; the caller's are a
        signal for the person's side, where a machine may have answered, and no sound."""
        if self.over or (self.held and seat is self.caller):
            return
        if seat is self.person:
            self.press(key)
        elif seat is self.caller:
            signal_key(self._leg, key)

    async def leave(self, onward: Onward | None = None) -> None:
        """Let the person go; ``onward`` is what becomes of the caller, None: the flow goes on."""
        self._check()
        self.onward = onward
        await self._leg.hang_up("the agent has left")

    def consult(self, name: str, ring: Callable[[], Awaitable[CallLeg]]) -> None:
        """Put the caller on hold and call somebody, known as ``name``; ``ring`` gives their leg, or
        raises DialFailed."""
        self._check()
        if self._asking is not None and not self._asking.done():
            raise UsageError("somebody is being asked already")
        self.consulted = Consulted(name)
        self.held = True
        self.caller.hold()
        self._asking = asyncio.create_task(self._ask(self.consulted, ring), name="consultation")
        self.changed()

    async def hand_over(self) -> None:
        """Leave the caller with whoever is consulted."""
        self.check_there()
        assert self._adviser is not None, "who is there has a leg"
        self.take_back()
        self.consulted = None  # the conversation is theirs now
        self._successor = self._heir = self._asking
        self._asking = None  # they may ask somebody in their turn
        former, (self._leg, self.person) = self._leg, self._adviser
        self.changed()
        await former.hang_up("the agent has handed the caller over")

    def check_there(self) -> None:
        """Raises UsageError where nobody is there to whom the caller could be handed over."""
        self._check()
        if self.consulted is None or self.consulted.state is not Consulting.THERE:
            raise UsageError("nobody has answered to whom the caller could be given")

    async def let_go(self) -> None:
        """Hang up whoever is consulted, or stop their ringing; the caller stays on hold."""
        self._check()
        if self._asking is None:
            raise UsageError("nobody is consulted")
        await self._dismiss()
        self.changed()

    # For who supervises

    async def until_over(self) -> None:
        """Return when the conversation is over."""
        await self._closed.wait()

    async def take_over(
        self, leg: CallLeg, seat: Seat, attending: asyncio.Task[LegEnded | None]
    ) -> None:
        """Let ``leg``, which sits in ``seat`` as a party while ``attending`` lasts, have the
        caller; the person leaves, and whoever is consulted."""
        self._check()
        former, self._leg, self.person = self._leg, leg, seat
        self._successor = attending
        await self._dismiss()
        if not self.over:
            self.take_back()
        await former.hang_up("a supervisor has taken over")

    def is_with(self, leg: CallLeg) -> bool:
        """Whether whoever is on ``leg`` has the caller."""
        return self._leg is leg

    async def end_call(self, reason: str) -> None:
        """Hang the caller up: nothing of the flow comes after."""
        self._check()
        if self._caller_leg is None:
            raise UsageError("the caller's line is not ours to end")
        await self._caller_leg.hang_up(reason)

    async def _dismiss(self) -> None:
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
            await asyncio.wait({asking})
        self.consulted = None

    async def _ask(
        self, consulted: Consulted, ring: Callable[[], Awaitable[CallLeg]]
    ) -> LegEnded | None:
        try:
            leg = await ring()
        except DialFailed as error:
            log.info("not_consulted", outcome=error.outcome)
            consulted.state, consulted.problem = Consulting.FAILED, error.outcome
            self.changed()
            return None
        try:
            seat = self.bridge.join("consulted", leg.sample_rate)
            self._adviser = leg, seat
            self._advisers_keys = KeySounds(seat.rate)
            seat.whisper(self._advisers_keys)
            consulted.state = Consulting.THERE
            self.changed()
            return await attend(leg, seat)
        finally:
            if self.consulted is consulted:
                self.consulted = None
            self.changed()
            await leg.hang_up("the conversation is over")

    def _check(self) -> None:
        if self.over:
            raise UsageError("the conversation is over")
