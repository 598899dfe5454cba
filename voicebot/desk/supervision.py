"""Supervisors in calls: they listen, whisper, take over, and send callers to queues.

A supervisor's page is given a right to call; its leg sits in the call (`desk.overhearing`) and goes
when the page goes, when the call is over, or when the page has not been heard of for `LAPSE_S`: who
is signed out meanwhile hears no more. What makes no sense as things stand raises UsageError, whose
text may be shown.
Left out on purpose: who may do this and the audit log (the HTTP side's).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog

from voicebot.acd.model import AgentId, ContactId, ContactState
from voicebot.desk.overhearing import Overhearing, Room, Standing
from voicebot.desk.services import PageCalls
from voicebot.errors import UsageError
from voicebot.sessions.open_call import OpenCall, SoFar
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.talk import Talk
from voicebot.sessions.waking import CallLater, on_the_loop
from voicebot.telephony._api import Admission, CallLeg, Reception
from voicebot.types import CallId

log = structlog.get_logger(__name__)

LAPSE_S: Final = 30.0
"""How long a page that does not ask how things stand may go on."""
MOST_LISTENERS: Final = 3
"""In one call; the bridge has seats for them beside caller, agent and adviser."""
_IN_LINE: Final = frozenset({ContactState.WAITING, ContactState.OFFERED})


class Stage(StrEnum):
    """Who has the caller."""

    BOT = "bot"
    WAITING = "waiting"
    """They wait for a person."""
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A call that goes on. ``since`` is UTC epoch seconds: of the call, or of the conversation with
    the person who has the caller. ``queue`` and ``agent`` are empty where no queue has it: with the
    bot, a transfer to a number, or a caller who was handed over. ``caller`` is their number
    and ``flow`` where the call began, both empty where a conversation alone is known.
    ``supervisor`` has taken the caller over, empty where none has."""

    call: CallId
    since: float
    queue: str
    agent: str
    on_hold: bool
    stage: Stage = Stage.PERSON
    caller: str = ""
    flow: str = ""
    supervisor: str = ""


class Supervision:
    """All conversations of a server, and the supervisors in them.

    ``calls`` is the door that pages call through, None where there is none; ``service`` gives the
    queues, ``open_calls`` the calls that the bot has answered. ``clock`` gives UTC epoch seconds.
    """

    def __init__(
        self,
        calls: PageCalls | None,
        service: Callable[[], QueueService],
        open_calls: Callable[[], Mapping[CallId, OpenCall]],
        clock: Callable[[], float] = time.time,
        call_later: CallLater = on_the_loop,
    ) -> None:
        self._calls = calls
        self._service = service
        self._open_calls = open_calls
        self._clock = clock
        self._call_later = call_later
        self._talks: dict[CallId, tuple[Talk, float]] = {}
        self._there: dict[str, Overhearing] = {}
        self._heard_of: dict[str, float] = {}

    # Conversations

    def talking(self, talk: Talk) -> None:
        """A caller and a person are joined (`HandoffServices.talking`)."""
        self._forget_old()
        self._talks[talk.call_id] = (talk, self._clock())
        for there in self._there.values():
            if there.call == talk.call_id:
                there.move()

    def conversations(self) -> tuple[Conversation, ...]:
        """Calls that go on, the longest first."""
        self._forget_old()
        calls = self._open_calls()
        found = [self._view(call, calls) for call in {**self._talks, **calls}]
        return tuple(sorted(found, key=lambda each: each.since))

    def with_agents(self) -> dict[AgentId, CallId]:
        """The call that each agent talks on."""
        self._forget_old()
        talking = [self._view(call, {}) for call in self._talks]
        return {AgentId(each.agent): each.call for each in talking if each.agent}

    def with_people(self) -> frozenset[CallId]:
        """The calls whose caller talks with a person: an agent, a supervisor, or somebody else whom
        the flow has called."""
        self._forget_old()
        return frozenset(self._talks)

    def so_far(self, call: CallId) -> SoFar | None:
        """How far the bot has come with a call; None where it never had it."""
        opened = self._open_calls().get(call)
        return None if opened is None else opened.so_far()

    def _view(self, call: CallId, calls: Mapping[CallId, OpenCall]) -> Conversation:
        opened = calls.get(call)
        talk, since = self._talks.get(call, (None, 0.0 if opened is None else opened.since))
        contact = call if talk is None else talk.contact_id
        place = self._service().standing(ContactId(contact))
        stage = Stage.PERSON if talk is not None else Stage.BOT
        if talk is None and place is not None and place.state in _IN_LINE:
            stage = Stage.WAITING
        return Conversation(
            call,
            since,
            "" if place is None else place.queue,
            "" if place is None or talk is None else place.agent_id,
            talk is not None and talk.held,
            stage,
            "" if opened is None else opened.caller,
            "" if opened is None else opened.flow,
            self._who_has(call),
        )

    def _who_has(self, call: CallId) -> str:
        """The supervisor who has taken the caller over; empty for nobody."""
        having = (
            each.who
            for each in self._there.values()
            if each.call == call and each.standing is Standing.TALKING and not each.is_over
        )
        return next(having, "")

    def _forget_old(self) -> None:
        self._talks = {call: each for call, each in self._talks.items() if not each[0].over}

    def _room(self, call: CallId) -> Room | None:
        """Where the call is: with a person, else with the bot; None where it is over."""
        talk, _ = self._talks.get(call, (None, 0.0))
        return talk if talk is not None and not talk.over else self._open_calls().get(call)

    # Supervisors

    def find(self, call: CallId) -> None:
        """Raises UsageError where the call does not go on (any more)."""
        if self._room(call) is None:
            raise UsageError("this call does not go on any more")

    def begin(self, call: CallId, who: str) -> tuple[Overhearing, dict[str, object]]:
        """Let a supervisor come: them, and the right to the call that their page has to make now.

        Whoever is there already, on a page that they have lost, leaves for it. Raises UsageError,
        and CallRefused where no calls are taken.
        """
        self.find(call)
        if self._calls is None:
            raise UsageError("calls in the browser are switched off in the settings (webrtc)")
        there = [each for each in self._there.values() if each.call == call]
        mine = [each for each in there if each.who == who]
        if self._who_has(call) == who:
            raise UsageError("you talk to this caller already, on another page")
        if len(there) - len(mine) >= MOST_LISTENERS:
            raise UsageError(f"{MOST_LISTENERS} supervisors are in this call already")
        coming = Overhearing(who, call, lambda: self._room(call), lambda: self._release(call))
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
        if there is None or there.who != who or there.is_over:
            return None
        self._heard_of[id] = self._clock()
        self._forget_old()
        return there, self._view(there.call, self._open_calls())

    def queues(self, there: Overhearing) -> tuple[str, ...]:
        """Those that this supervisor may send the caller to now."""
        return tuple(name for name in self._service().queues() if self._takes(there, name))

    def _takes(self, there: Overhearing, queue: str) -> bool:
        try:
            self.check_sending(there, queue)
        except UsageError:
            return False
        return True

    def check_sending(self, there: Overhearing, queue: str) -> None:
        """Raises UsageError where this supervisor cannot send the caller to ``queue`` now."""
        there.check_sending()
        if queue not in self._service().queues():
            raise UsageError("there is no such queue")
        if not self._service().is_open(queue):
            raise UsageError(f"the queue '{queue}' is closed now")
        place = self._service().standing(ContactId(there.call))
        if place is not None and place.queue == queue and not place.callback:
            raise UsageError(f"the caller waits in '{queue}' already")

    def _watch(self, there: Overhearing, seconds: float) -> None:
        self._call_later(seconds, lambda: self._look_at(there))

    def _look_at(self, there: Overhearing) -> None:
        heard = self._heard_of.get(there.id)
        if heard is None:
            return
        left = LAPSE_S - (self._clock() - heard)
        if left <= 0 or there.is_over:
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
        talk, _ = self._talks.get(call, (None, 0.0))
        contact_id, service = ContactId(call if talk is None else talk.contact_id), self._service()
        place = service.standing(contact_id)
        if place is not None and place.state is ContactState.CONNECTED:
            service.handed_over(contact_id)
