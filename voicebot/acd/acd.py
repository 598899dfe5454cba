"""The distribution as one object: an event and the time in, effects out.

What may happen when stands in the two tables. An event that the tables forbid, or that names what
is not there, raises RoutingError and changes nothing; so does a handler, before its first change.
The time never runs backwards in here: where the clock outside was set back, it stands still until
it is caught up.

Timers are the shell's: it calls ``receive(Tick(), now)`` at `Acd.next_timer`. An answer that comes
just before a late tick is taken: the benefit of the doubt is the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from voicebot.acd import agent_moves, contact_moves
from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.case import Case
from voicebot.acd.floor import Floor
from voicebot.acd.model import (
    AgentId,
    Channel,
    ContactId,
    ContactState,
    Presence,
    QueueRules,
    Spill,
)
from voicebot.acd.timers import Timing
from voicebot.acd.views import (
    AgentState,
    ContactPlace,
    QueueState,
    agent_state,
    contact_place,
    queue_state,
)
from voicebot.errors import RoutingError

_SPILL_AGAIN_S: Final = 30.0
"""How soon overflow by time is tried again where the other queue takes nobody."""

_W, _O, _D, _C, _S = (
    ContactState.WAITING,
    ContactState.OFFERED,
    ContactState.DIALLING,
    ContactState.CONNECTED,
    ContactState.SCHEDULED,
)
_ON, _PAUSED, _AWAY, _LEAVING = (
    Presence.AVAILABLE,
    Presence.PAUSED,
    Presence.AWAY,
    Presence.LEAVING,
)

CONTACTS: Final[Mapping[type, tuple[frozenset[ContactState], Callable[..., None]]]] = {
    ev.Abandon: (frozenset({_W, _O, _D, _S}), contact_moves.abandon),
    ev.Answer: (frozenset({_O}), contact_moves.answer),
    ev.Decline: (frozenset({_O}), contact_moves.decline),
    ev.OfferFailed: (frozenset({_O}), contact_moves.offer_failed),
    ev.Finish: (frozenset({_C}), contact_moves.finish),
    ev.Transfer: (frozenset({_C}), contact_moves.transfer),
    ev.HandOver: (frozenset({_C}), contact_moves.hand_over),
    ev.LineLost: (frozenset({_C}), contact_moves.line_lost),
    ev.StepAside: (frozenset({_W, _O}), contact_moves.step_aside),
    ev.StepBack: (frozenset({_W, _O}), contact_moves.step_back),
    ev.Move: (frozenset({_W, _O}), contact_moves.move),
    ev.BookCallback: (frozenset({_W}), contact_moves.book_callback),
    ev.Reached: (frozenset({_D}), contact_moves.reached),
    ev.NotReached: (frozenset({_D}), contact_moves.not_reached),
}
"""In which states of the contact an event may happen, and what it does."""

AGENTS: Final[Mapping[type, tuple[frozenset[Presence], Callable[..., None]]]] = {
    ev.SignOut: (frozenset({_ON, _PAUSED, _AWAY}), agent_moves.sign_out),
    ev.Pause: (frozenset({_ON, _AWAY}), agent_moves.pause),
    ev.Resume: (frozenset({_PAUSED, _AWAY}), agent_moves.resume),
    ev.Room: (frozenset({_ON, _PAUSED, _AWAY}), agent_moves.room),
    ev.AgentLost: (frozenset({_ON, _PAUSED}), agent_moves.agent_lost),
}
"""In which presence of the agent an event may happen, and what it does."""


class Acd:
    """Queues, agents and contacts."""

    def __init__(self, queues: Iterable[QueueRules], unreachable_s: float = 0.0) -> None:
        """An agent who could not be asked (`OfferFailed`) is away for ``unreachable_s``; 0: until
        they resume. Raises RoutingError where a rule names a queue that is not among ``queues``."""
        rules = tuple(queues)
        _check_names(rules)
        self._floor = Floor(rules, unreachable_s)
        self._now = -math.inf

    def change(self, queues: Iterable[QueueRules]) -> None:
        """Let queues have these rules from now on, and add those that are new.

        Who waits keeps the place and the needs of the arrival. A queue that is not among them
        keeps its rules: somebody may wait in it, or serve it. Raises RoutingError, with nothing
        changed, where a rule names a queue that is not among ``queues``.
        """
        rules = tuple(queues)
        _check_names(rules)
        self._floor.change(rules)

    @property
    def queues(self) -> Mapping[str, QueueRules]:
        return self._floor.queues

    def receive(self, event: ev.Event, now: float) -> tuple[e.Effect, ...]:
        """Take an event at ``now`` (UTC seconds since the epoch); what is to be done, in order.

        Raises RoutingError, with nothing changed, for what cannot happen as things stand.
        """
        now = max(now, self._now)
        match event:
            case ev.Tick():
                self._fire(now)
            case ev.Enqueue():
                contact_moves.enqueue(self._floor, event, now)
            case ev.Promise():
                contact_moves.promise(self._floor, event, now)
            case ev.SignIn():
                agent_moves.sign_in(self._floor, event, now)
            case ev.WrapUpDone(agent_id, contact_id):
                seat = self._floor.seats.get(agent_id)
                if seat is None or contact_id not in seat.wrapping:
                    raise RoutingError(f"agent {agent_id} has no work left after {contact_id}")
                agent_moves.wrap_up_done(self._floor, seat, contact_id, now)
            case ev.SignOut() | ev.Pause() | ev.Resume() | ev.Room() | ev.AgentLost():
                self._agent(event, now)
            case _:
                self._contact(event, now)
        self._now = now
        effects = tuple(self._floor.effects)
        self._floor.effects.clear()
        return effects

    def next_timer(self) -> float | None:
        """When `Tick` is wanted; None while there is nothing to wait for."""
        return self._floor.timers.next()

    def contact(self, contact_id: ContactId) -> ContactPlace | None:
        case = self._floor.cases.get(contact_id)
        return None if case is None else contact_place(case)

    def contacts(self) -> Iterator[ContactPlace]:
        """Everybody who is here, in the order they came."""
        return (contact_place(case) for case in self._floor.cases.values())

    def position(self, contact_id: ContactId) -> int | None:
        """The place in line, 1 is next; None for who does not stand in it."""
        case = self._floor.cases.get(contact_id)
        return self._floor.position(case) if case is not None and case.in_line else None

    def wait_left(self, contact_id: ContactId) -> float | None:
        """The estimated rest of the wait (s); None for who does not stand in line, and where
        nobody is there to make an estimate from."""
        case = self._floor.cases.get(contact_id)
        if case is None or not case.in_line:
            return None
        return self._floor.outlook(case)[1]

    def agents(self) -> Mapping[AgentId, AgentState]:
        return {seat.profile.agent_id: agent_state(seat) for seat in self._floor.seats}

    def agent(self, agent_id: AgentId) -> AgentState | None:
        """One agent; None for who is not signed in."""
        seat = self._floor.seats.get(agent_id)
        return None if seat is None else agent_state(seat)

    def serves(self, queue: str, channel: Channel) -> bool:
        """Whether any agent signed in may be offered contacts of this kind from ``queue``, sooner
        or later."""
        return self._floor.seats.reaching(queue, channel) > 0

    def queue(self, name: str, now: float) -> QueueState:
        """Raises KeyError for a queue that does not exist."""
        return queue_state(self._floor, name, now)

    def _contact(self, event: ev.ContactEvent, now: float) -> None:
        states, move = CONTACTS[type(event)]
        case = self._floor.cases.get(event.contact_id)
        what = type(event).__name__
        if case is None:
            raise RoutingError(f"{what}: there is no contact {event.contact_id}")
        if case.state not in states:
            raise RoutingError(f"{what}: contact {event.contact_id} is {case.state}")
        if (
            isinstance(event, ev.Answer | ev.Decline | ev.OfferFailed)
            and event.agent_id != case.agent_id
        ):
            raise RoutingError(
                f"{what}: contact {event.contact_id} is not offered to agent {event.agent_id}"
            )
        move(self._floor, case, event, now)

    def _agent(self, event: ev.AgentEvent, now: float) -> None:
        presences, move = AGENTS[type(event)]
        seat = self._floor.seats.get(event.agent_id)
        what = type(event).__name__
        if seat is None:
            raise RoutingError(f"{what}: agent {event.agent_id} is not signed in")
        if seat.presence not in presences:
            raise RoutingError(f"{what}: agent {event.agent_id} is {seat.presence}")
        move(self._floor, seat, event, now)

    def _fire(self, now: float) -> None:
        for timing, subject, agent_id in self._floor.timers.due(now):
            if timing is Timing.WRAP_UP:
                seat = self._floor.seats[AgentId(agent_id)]
                agent_moves.wrap_up_done(self._floor, seat, ContactId(subject), now)
            elif timing is Timing.RETURN:
                agent_moves.come_back(self._floor, self._floor.seats[AgentId(agent_id)], now)
            else:
                _FIRED[timing](self._floor, self._floor.cases[ContactId(subject)], now)


def _check_names(queues: tuple[QueueRules, ...]) -> None:
    known = {rules.name for rules in queues}
    for rules in queues:
        named = [rule.queue for rule in rules.overflow if rule.queue]
        named += [name for ring in rules.rings for name in ring.agents_of]
        for name in named:
            if name not in known:
                raise RoutingError(f"queue '{rules.name}' names '{name}', which is no queue")


def _no_answer(floor: Floor, case: Case, now: float) -> None:
    floor.effects.append(e.Withdraw(case.contact.contact_id, case.agent_id, "no answer"))
    contact_moves.unanswered(floor, case, "no answer", now)


def _widen(floor: Floor, case: Case, now: float) -> None:
    floor.seek(case, now, ring=case.need.ring + 1)


def _spill(floor: Floor, case: Case, now: float) -> None:
    if not contact_moves.overflow(floor, case, Spill.WAIT, now):
        floor.timers.set(Timing.SPILL, now + _SPILL_AGAIN_S, case.contact.contact_id)


def _announce(floor: Floor, case: Case, now: float) -> None:
    announcing = floor.queues[case.queue].announcing
    if announcing is None:  # the rules have changed since
        return
    case.announce_at = now + announcing.every_s
    floor.timers.set(Timing.ANNOUNCE, case.announce_at, case.contact.contact_id)
    if not case.aside:
        position, wait_s = floor.outlook(case)
        floor.effects.append(e.Announce(case.contact.contact_id, position, wait_s))


def _stop_holding(floor: Floor, case: Case, now: float) -> None:
    floor.seek(case, now)


def _forgive(floor: Floor, case: Case, now: float) -> None:
    floor.seek(case, now, excluded=())


_FIRED: Final[Mapping[Timing, Callable[[Floor, Case, float], Any]]] = {
    Timing.NO_ANSWER: _no_answer,
    Timing.WIDEN: _widen,
    Timing.SPILL: _spill,
    Timing.ANNOUNCE: _announce,
    Timing.LAST_AGENT: _stop_holding,
    Timing.DECLINED: _forgive,
    Timing.CALLBACK: contact_moves.callback_time,
}
