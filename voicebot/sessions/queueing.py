"""The shell around the distribution of contacts: agents ring, and callers are told.

One `QueueService` for the server. It hands events to the `Acd` with the wall clock, wakes when the
`Acd` wants to be woken, and carries out what comes back: it rings agents (`AgentLines`), and tells
each waiting session through its `Place`. It joins no legs: who waits gets the agent's leg and does
that (`sessions.queue_handoff`). Callbacks that are owed are `promises`.

Everything runs on the event loop, and an event and its effects are one step of it: nobody sees the
distribution between the two. Two agents who answer at once are two events; the second is told no.
Left out on purpose: who may sign in (the desk's), and what is written (`sessions.text_queue`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

import structlog

from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.acd import Acd
from voicebot.acd.model import (
    AgentId,
    Channel,
    Contact,
    ContactId,
    ContactState,
    QueueRules,
)
from voicebot.acd.views import AgentState, ContactPlace, QueueState
from voicebot.errors import RoutingError
from voicebot.events import QueueNoted
from voicebot.sessions.briefing import Briefing, restored
from voicebot.sessions.feed import LiveEvent
from voicebot.sessions.place import Accepted, Joined, Notice, Place, Ringing
from voicebot.sessions.promises import Promises
from voicebot.sessions.queue_accounts import QueueAccounts
from voicebot.sessions.queue_events import live
from voicebot.sessions.queue_facts import facts_of
from voicebot.sessions.queue_figures import QueueTally
from voicebot.sessions.queue_records import (
    AgentChange,
    Booking,
    NoRecords,
    QueueRecords,
    state_of,
)
from voicebot.sessions.ready_times import ReadyTimes
from voicebot.sessions.ringing import AgentLines, CallBack, RingForText, Rings, nobody_writes
from voicebot.sessions.waking import CallLater, WakeUp, on_the_loop
from voicebot.types import Json

log = structlog.get_logger(__name__)


Watcher: TypeAlias = Callable[[e.Effect], None]
"""Is told of every effect once it was carried out; must return at once."""


class QueueService:
    """Queues, agents and waiting callers of a server.

    ``lines`` ring agents, ``for_text`` for contacts that write. ``clock`` gives UTC seconds since
    the epoch, and ``call_later`` wakes the service by it. ``call_back`` is None where nobody can be
    called. ``records`` keep what outlives the server, ``note`` takes what became of each call,
    ``publish`` what happens for those who watch. ``unreachable_s`` is how long an agent whose
    telephone could not be reached is left in peace; 0: until they resume.
    """

    def __init__(
        self,
        queues: Iterable[QueueRules],
        lines: AgentLines,
        *,
        clock: Callable[[], float] = time.time,
        call_later: CallLater = on_the_loop,
        call_back: CallBack | None = None,
        records: QueueRecords | None = None,
        note: Callable[[QueueNoted], None] = lambda fact: None,
        publish: Callable[[LiveEvent], None] = lambda event: None,
        unreachable_s: float = 0.0,
        for_text: RingForText = nobody_writes,
    ) -> None:
        """Raises RoutingError where a rule names a queue that is not there."""
        self._acd = Acd(queues, unreachable_s)
        self._rings = Rings(lines, self.briefing, self.receive, self._channel_of, for_text)
        self._clock = clock
        self._wake = WakeUp(call_later, self._tick)
        self._records = records or NoRecords()
        self._promises = Promises(
            *(call_back, self._records, self._rings, self.receive, self.standing, self.left)
        )
        self._note = note
        self._publish = publish
        self._accounts = QueueAccounts()
        self._places: dict[ContactId, Place] = {}
        self._left_waiting: dict[str, float] = {}
        self._watchers: list[Watcher] = []
        self.tally = QueueTally()
        self.ready_times = ReadyTimes()

    # Callers

    def enter(
        self,
        contact: Contact,
        briefing: Briefing,
        since: float | None = None,
        *,
        head: bool = False,
    ) -> Place:
        """Let a caller wait, with the place of one who waits ``since`` then (UTC epoch seconds)
        whatever the queue's hours and length, and at the ``head`` of the line. Raises RoutingError
        where there is no such queue, or the contact waits already."""
        place = Place(self.left, contact, briefing)
        if contact.contact_id in self._places:
            raise RoutingError(f"contact {contact.contact_id} is here already")
        self._places[contact.contact_id] = place
        known = self._left_waiting.pop(contact.party, None)
        try:
            if since is None:
                self.receive(ev.Enqueue(contact, known))
            else:
                self.receive(ev.Enqueue(contact, since, restored=True, head=head))
        except RoutingError:
            del self._places[contact.contact_id]
            raise
        return place

    def remember(self, noted: QueueNoted, waiting_since: float | None) -> None:
        """Go on counting what became of a contact from before a restart, who waits since then."""
        self._accounts.remember(noted, waiting_since)

    def noted(self, contact_id: ContactId) -> QueueNoted | None:
        """What was noted of a contact last, where it is still known."""
        return self._accounts.noted(contact_id)

    def keep_places(self, since: Mapping[str, float]) -> None:
        """Let callers who waited before a restart find their places again: by `Contact.party`,
        since when they wait (UTC epoch seconds). Each counts once, and not for ever: the caller of
        this takes them back with an empty mapping."""
        self._left_waiting = dict(since)

    def left(self, place: Place, reason: str) -> None:
        """The caller is gone, or done with the agent (`Place.leave`)."""
        contact_id = place.contact_id
        if contact_id in self._promises or self._places.pop(contact_id, None) is None:
            return
        found = self._acd.contact(contact_id)
        if found is None:
            return
        connected = found.state is ContactState.CONNECTED
        self.receive(ev.Finish(contact_id) if connected else ev.Abandon(contact_id, reason))

    def line_lost(self, place: Place) -> bool:
        """The agent's line has died, the caller is there: they wait again, at the head. False for
        one who is not with an agent of a queue."""
        try:
            self.receive(ev.LineLost(place.contact_id))
        except RoutingError as error:
            log.info("not_back_in_line", problem=str(error))
            return False
        return True

    def handed_over(self, contact_id: ContactId) -> None:
        """The agent has left the caller with somebody whom no queue knows (else it is `HandOver`):
        the agent is free again.
        Raises RoutingError for one who is not connected."""
        self.receive(ev.Finish(contact_id))
        self._places.pop(contact_id, None)

    def book(self, place: Place, number: str, at: float | None = None) -> None:
        """Keep the place without the caller: ``number`` is called when the turn comes, or at
        ``at``. Raises RoutingError, with nothing changed, where that cannot be: an agent rings for
        the caller at this moment, the queue is closed then, or voicebot cannot call."""
        self._promises.make(place, number, ev.BookCallback(place.contact_id, at))

    def promise(
        self,
        contact: Contact,
        briefing: Briefing,
        number: str,
        since: float | None = None,
        at: float | None = None,
    ) -> None:
        """Call ``number`` for a contact that waits on no line: when the turn comes, and where the
        queue is closed, when it opens; or ``at`` a time agreed. ``since`` is when it came to the
        queue, None: now. Raises RoutingError, with nothing changed, where that cannot be."""
        contact_id = contact.contact_id
        if contact_id in self._places:
            raise RoutingError(f"contact {contact_id} is here already")
        place = self._places[contact_id] = Place(self.left, contact, briefing)
        try:
            self._promises.make(place, number, ev.Promise(contact, since, at))
        except RoutingError:
            del self._places[contact_id]
            raise

    def move(self, place: Place, channel: Channel) -> None:
        """The caller goes on in another way, at the same place. Raises RoutingError where they do
        not wait, or are to be called back."""
        self.receive(ev.Move(place.contact_id, channel))

    def step_aside(self, place: Place) -> None:
        """The caller does something else and keeps the place: nothing is announced to them. Raises
        RoutingError where they do not wait."""
        self.receive(ev.StepAside(place.contact_id))

    def step_back(self, place: Place) -> None:
        """The caller listens again; does nothing where they talk already."""
        standing = self._acd.contact(place.contact_id)
        if standing is not None and standing.state is not ContactState.CONNECTED:
            self.receive(ev.StepBack(place.contact_id))

    def restore(self, booking: Booking) -> None:
        """Give a callback from before a restart its place back; call this before agents sign in.
        Raises RoutingError where its queue is there no longer."""
        contact, briefing = restored(booking)
        place = Place(self.left, contact, briefing)
        self._accounts.owed(contact.contact_id)
        self.receive(ev.Enqueue(contact, booking.arrived_at, restored=True))
        self._places[contact.contact_id] = place
        due = booking.due_at
        self.book(place, booking.number, due if due and due > self._clock() else None)

    # Agents, and everything else that happens

    def receive(self, event: ev.Event) -> None:
        """Take an event and carry out what follows. Raises RoutingError, with nothing changed, for
        what cannot happen as things stand."""
        now = self._clock()
        effects = self._acd.receive(event, now)
        self._wake.set(self._acd.next_timer(), now)
        for effect in effects:
            self._carry_out(effect)
            self._write_down(effect, now)
            for watcher in self._watchers:
                watcher(effect)

    def _write_down(self, effect: e.Effect, now: float) -> None:
        self.tally.count(effect, self._acd.contact)
        self.ready_times.take(effect, now)
        self._publish(live(effect, now, self._acd.contact))
        fact = self._accounts.take(effect, now)
        if fact is not None:
            self._note(fact)
        if isinstance(effect, e.AgentChanged):
            change = AgentChange(effect.agent_id, now, state_of(effect), effect.reason)
            self._records.agent_changed(change)

    def change(self, queues: Iterable[QueueRules]) -> None:
        """Let new rules count (`Acd.change`). Raises RoutingError, with nothing changed."""
        self._acd.change(queues)

    # What may be seen

    def watch(self, watcher: Watcher) -> None:
        """Tell ``watcher`` of every effect from now on."""
        self._watchers.append(watcher)

    def queues(self) -> Mapping[str, QueueState]:
        now = self._clock()
        return {name: self._acd.queue(name, now) for name in self._acd.queues}

    def queue(self, name: str) -> QueueState:
        """Raises KeyError for an unknown one."""
        return self._acd.queue(name, self._clock())

    def knows(self, queue: str) -> bool:
        """Whether there is such a queue."""
        return queue in self._acd.queues

    def now(self) -> float:
        """UTC seconds since the epoch."""
        return self._clock()

    def is_open(self, queue: str) -> bool:
        """Whether the hours of this queue take callers now. Raises KeyError for an unknown one."""
        hours = self._acd.queues[queue].hours
        return hours is None or hours.is_open(self._clock())

    def agents(self) -> Mapping[AgentId, AgentState]:
        return self._acd.agents()

    def agent(self, agent: AgentId) -> AgentState | None:
        """None for who is not signed in."""
        return self._acd.agent(agent)

    def contacts(self) -> Iterable[ContactPlace]:
        return self._acd.contacts()

    def standing(self, contact_id: ContactId) -> ContactPlace | None:
        return self._acd.contact(contact_id)

    def serves(self, queue: str, channel: Channel) -> bool:
        """Whether anybody signed in takes contacts of this kind from the queue."""
        return self._acd.serves(queue, channel)

    def outlook(self, contact_id: ContactId) -> tuple[int | None, float | None]:
        """The place in line (1 is next) and the estimated rest of the wait (s), each None where
        there is none."""
        return self._acd.position(contact_id), self._acd.wait_left(contact_id)

    def _channel_of(self, contact_id: ContactId) -> Channel:
        place = self._places.get(contact_id)
        return Channel.VOICE if place is None else place.contact.channel

    def rules(self, queue: str) -> QueueRules:
        """Raises KeyError for an unknown one."""
        return self._acd.queues[queue]

    def briefing(self, contact_id: ContactId) -> Briefing | None:
        """What is known of one who waits or talks; None for who is not here."""
        place = self._places.get(contact_id)
        return None if place is None else place.briefing

    def facts(self, channel: Channel = Channel.VOICE) -> dict[str, Json]:
        """What flows may know, as the variable ``queues``; see `facts_of`."""
        return {
            name: facts_of(state, channel, is_open=self.is_open(name))
            for name, state in self.queues().items()
        }

    async def stop(self) -> None:
        """Stop every ringing and timer; sessions end their own calls."""
        self._wake.cancel()
        await self._rings.close()

    # Effects

    def _carry_out(self, effect: e.Effect) -> None:
        match effect:
            case e.Moved(contact_id, _, channel) if contact_id in self._places:
                place = self._places[contact_id]
                place.contact = replace(place.contact, channel=channel)
            case e.Offer():
                self._rings.offer(effect)
                self._tell(effect.contact_id, Ringing(effect.agent_id))
            case e.Withdraw(contact_id):
                self._rings.stop(contact_id)
            case e.Connect(contact_id, agent_id) if self._channel_of(contact_id) is Channel.TEXT:
                self._tell(contact_id, Accepted(agent_id))
            case e.Connect(contact_id, agent_id) if contact_id not in self._promises:
                self._tell(contact_id, Joined(agent_id, self._rings.take(contact_id)))
            case e.CallbackDue(contact_id):
                agent = Joined(effect.agent_id, self._rings.take(contact_id), waited=True)
                self._promises.begin(self._places[contact_id], agent)
            case e.CallbackOff(contact_id) | e.Abandoned(contact_id):
                if self._promises.drop(contact_id):
                    self._places.pop(contact_id, None)
            case e.Queued() | e.Announce():
                self._tell(effect.contact_id, effect)
            case e.Overflowed() if not effect.to_queue:
                self._tell(effect.contact_id, effect)

    def _tell(self, contact_id: ContactId, notice: Notice) -> None:
        place = self._places.get(contact_id)
        if place is not None:
            place.tell(notice)

    # Time

    def _tick(self) -> None:
        try:
            self.receive(ev.Tick())
        except Exception:
            # Nobody awaits a timer; the next event sets it again.
            log.exception("queues_failed_at_a_timer")
