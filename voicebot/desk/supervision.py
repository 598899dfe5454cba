"""Supervisors in the conversations of callers and agents: they listen, whisper, and take over.

A supervisor's page is given a right to call; its leg gets a seat in the conversation's bridge
(`telephony.bridge`) and goes when the page goes, when the conversation is over, or when the page
has not been heard of for `LAPSE_S`: who is signed out meanwhile hears no more. What makes no sense
as things stand raises UsageError, whose text may be shown.
Left out on purpose: who may do this and the audit log (the HTTP side's), and calls that the bot
holds, which have no bridge.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog

from voicebot.acd.model import AgentId, ContactId, ContactState
from voicebot.desk.services import PageCalls
from voicebot.errors import UsageError
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.talk import Talk
from voicebot.sessions.waking import CallLater, on_the_loop
from voicebot.telephony._api import Admission, CallLeg, LegEnded, Reception
from voicebot.telephony.bridge import Role, Seat, attend
from voicebot.types import CallId

log = structlog.get_logger(__name__)

LAPSE_S: Final = 30.0
"""How long a page that does not ask how things stand may go on."""
MOST_LISTENERS: Final = 3
"""In one conversation; the bridge has seats for them beside caller, agent and adviser."""


class Standing(StrEnum):
    """What a supervisor does in a conversation."""

    COMING = "coming"
    """The page has not called yet."""
    LISTENING = "listening"
    WHISPERING = "whispering"
    """The agent alone hears them."""
    TALKING = "talking"
    """They have taken over."""


_STANDING: Final = {
    Role.LISTENER: Standing.LISTENING,
    Role.WHISPERER: Standing.WHISPERING,
    Role.PARTY: Standing.TALKING,
}


@dataclass(frozen=True, slots=True)
class Conversation:
    """One that goes on. ``since`` is UTC epoch seconds; ``queue`` and ``agent`` are empty where no
    queue has it: a transfer to a number, or a caller who was handed over."""

    call: CallId
    since: float
    queue: str
    agent: str
    on_hold: bool


class Overhearing:
    """One supervisor, known as ``who``, in one conversation; made by `Supervision.begin`."""

    def __init__(self, who: str, talk: Talk, release: Callable[[CallId], None]) -> None:
        self.id = secrets.token_hex(8)
        self.who = who
        self.talk = talk
        self._release = release
        self._leg: CallLeg | None = None
        self._seat: Seat | None = None
        self._attending: asyncio.Task[LegEnded | None] | None = None
        self._ended = asyncio.Event()

    @property
    def standing(self) -> Standing:
        return Standing.COMING if self._seat is None else _STANDING[self._seat.role]

    def end(self) -> None:
        """Let them go; returns at once."""
        self._ended.set()

    # What they may do

    def check(self, wanted: Standing) -> None:
        """Raises UsageError where this cannot be done now."""
        if self.talk.over or self._ended.is_set():
            raise UsageError("the conversation is over")
        if self._seat is None or not self._seat.present:
            raise UsageError("your line is not up yet")
        if wanted is Standing.COMING:
            raise UsageError("choose to listen, to whisper or to talk")
        if self.standing is Standing.TALKING and wanted is not Standing.TALKING:
            raise UsageError("the caller is yours now; hang up to leave them")

    async def become(self, wanted: Standing) -> None:
        """Listen, whisper to whoever has the caller now, or take the caller over."""
        self.check(wanted)
        assert self._seat is not None, "checked"
        match wanted:
            case Standing.LISTENING:
                self._seat.become(Role.LISTENER)
            case Standing.WHISPERING:
                self._seat.become(Role.WHISPERER, self.talk.person)
            case Standing.TALKING if self.standing is not Standing.TALKING:
                await self._take_over(self._seat)

    async def _take_over(self, seat: Seat) -> None:
        assert self._leg is not None, "who has a seat has a leg"
        assert self._attending is not None, "and sits in it"
        seat.become(Role.PARTY)
        await self.talk.take_over(self._leg, seat, self._attending)
        self._release(self.talk.contact_id)

    # The leg

    async def sit(self, leg: CallLeg) -> None:
        """Let the page's ``leg`` be there until one of them goes, or it is over."""
        if self.talk.over or self._ended.is_set() or self._leg is not None:
            return  # the door hangs up
        self._leg = leg
        self._seat = self.talk.bridge.join("supervisor", leg.sample_rate, Role.LISTENER)
        self._attending = asyncio.create_task(attend(leg, self._seat), name="supervisor")
        until = [
            asyncio.create_task(self.talk.until_over()),
            asyncio.create_task(self._ended.wait()),
        ]
        try:
            await asyncio.wait({self._attending, *until}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (self._attending, *until):
                task.cancel()
            await asyncio.gather(self._attending, *until, return_exceptions=True)
            await leg.hang_up("the conversation is over")


class Supervision:
    """All conversations of a server, and the supervisors in them.

    ``calls`` is the door that pages call through, None where there is none; ``service`` gives the
    queues. ``clock`` gives UTC epoch seconds.
    """

    def __init__(
        self,
        calls: PageCalls | None,
        service: Callable[[], QueueService],
        clock: Callable[[], float] = time.time,
        call_later: CallLater = on_the_loop,
    ) -> None:
        self._calls = calls
        self._service = service
        self._clock = clock
        self._call_later = call_later
        self._talks: dict[CallId, tuple[Talk, float]] = {}
        self._there: dict[str, Overhearing] = {}
        self._heard_of: dict[str, float] = {}

    # Conversations

    def talking(self, talk: Talk) -> None:
        """A caller and a person are joined (`HandoffServices.talking`)."""
        self._forget_old()
        self._talks[talk.contact_id] = (talk, self._clock())

    def conversations(self) -> tuple[Conversation, ...]:
        """Those that go on, the longest first."""
        self._forget_old()
        return tuple(map(self._view, self._talks))

    def with_agents(self) -> dict[AgentId, CallId]:
        """The call that each agent talks on."""
        talking = self.conversations()
        return {AgentId(each.agent): each.call for each in talking if each.agent}

    def _view(self, call: CallId) -> Conversation:
        talk, since = self._talks[call]
        place = self._service().standing(ContactId(call))
        if place is None:
            return Conversation(call, since, "", "", talk.held)
        return Conversation(call, since, place.queue, place.agent_id, talk.held)

    def _forget_old(self) -> None:
        self._talks = {call: each for call, each in self._talks.items() if not each[0].over}

    # Supervisors

    def find(self, call: CallId) -> Talk:
        """The conversation. Raises UsageError where it does not go on (any more)."""
        talk, _ = self._talks.get(call, (None, 0.0))
        if talk is None or talk.over:
            raise UsageError("this conversation does not go on any more")
        return talk

    def begin(self, call: CallId, who: str) -> tuple[Overhearing, dict[str, object]]:
        """Let a supervisor come: them, and the right to the call that their page has to make now.

        Whoever is there already, on a page that they have lost, leaves for it. Raises UsageError,
        and CallRefused where no calls are taken.
        """
        talk = self.find(call)
        if self._calls is None:
            raise UsageError("calls in the browser are switched off in the settings (webrtc)")
        there = [each for each in self._there.values() if each.talk is talk]
        mine = [each for each in there if each.who == who]
        if any(each.standing is Standing.TALKING for each in mine):
            raise UsageError("you talk to this caller already, on another page")
        if len(there) - len(mine) >= MOST_LISTENERS:
            raise UsageError(f"{MOST_LISTENERS} supervisors are in this conversation already")
        coming = Overhearing(who, talk, self._release)
        right: dict[str, object] = {
            "token": self._calls.issue_right(self._reception(coming)),
            "ice_servers": self._calls.browser_ice_servers(),
        }
        for each in mine:
            self._drop(each)
        self._there[coming.id] = coming
        self._heard_of[coming.id] = self._clock()
        self._watch(coming, LAPSE_S)
        return coming, right

    def seen(self, id: str, who: str) -> tuple[Overhearing, Conversation] | None:
        """The page asks how things stand; None where it is over, or not theirs."""
        there = self._there.get(id)
        if there is None or there.who != who or there.talk.over:
            return None
        self._heard_of[id] = self._clock()
        return there, self._view(there.talk.contact_id)

    def _watch(self, there: Overhearing, seconds: float) -> None:
        self._call_later(seconds, lambda: self._look_at(there))

    def _look_at(self, there: Overhearing) -> None:
        heard = self._heard_of.get(there.id)
        if heard is None:
            return
        left = LAPSE_S - (self._clock() - heard)
        if left <= 0 or there.talk.over:
            self._drop(there)
        else:
            self._watch(there, left)

    def _drop(self, there: Overhearing) -> None:
        there.end()
        self._there.pop(there.id, None)
        self._heard_of.pop(there.id, None)

    def _reception(self, coming: Overhearing) -> Reception:
        async def on_call(leg: CallLeg) -> None:
            await leg.answer()
            try:
                await coming.sit(leg)
            except UsageError as error:
                log.info("supervisor_not_seated", problem=str(error))
            finally:
                self._drop(coming)

        return Reception(lambda info: Admission(True), on_call, lambda info, status: None)

    def _release(self, call: CallId) -> None:
        """The caller is taken over: the agent's work with them is done, as far as queues know."""
        contact_id, service = ContactId(call), self._service()
        place = service.standing(contact_id)
        if place is not None and place.state is ContactState.CONNECTED:
            service.handed_over(contact_id)
