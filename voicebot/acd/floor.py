"""The floor: lines, agents and contacts together, and the moves that every event is made of.

A move keeps three things true: no contact waits that a free agent could be offered, nobody is in
two places, and no agent has more than fits. What may happen when is `acd`'s to say; the moves take
it as checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from voicebot.acd import effects as e
from voicebot.acd.case import Case, need_of, rank_of
from voicebot.acd.estimate import WaitEstimator
from voicebot.acd.line import Line
from voicebot.acd.memory import Bookings, LastAgents
from voicebot.acd.model import (
    NOBODY,
    AgentId,
    Channel,
    ContactId,
    ContactState,
    Presence,
    QueueRules,
    Routing,
    Spill,
)
from voicebot.acd.seats import Seat, Seats
from voicebot.acd.timers import Timers, Timing

_OF_WAITING = (Timing.WIDEN, Timing.SPILL, Timing.ANNOUNCE, Timing.LAST_AGENT, Timing.DECLINED)


class Floor:
    """Everything that the distribution knows, and what is to be done about it (``effects``)."""

    def __init__(self, queues: Iterable[QueueRules], unreachable_s: float = 0.0) -> None:
        """An agent who cannot be reached comes back after ``unreachable_s``; 0: when resumed."""
        self.queues = {rules.name: rules for rules in queues}
        self.lines = {name: Line() for name in self.queues}
        self.estimators: dict[tuple[str, Channel], WaitEstimator] = {}
        for rules in self.queues.values():
            self._estimate_for(rules)
        self.seats = Seats(self.queues)
        self.cases: dict[ContactId, Case] = {}
        self.bookings = Bookings()
        self.last_agents = LastAgents()
        self.timers = Timers()
        self.effects: list[e.Effect] = []
        self._unreachable_s = unreachable_s
        self._arrivals = 0

    def change(self, queues: Iterable[QueueRules]) -> None:
        """Let queues have new rules, and add those that are new."""
        for rules in queues:
            if rules.name not in self.queues:
                self.lines[rules.name] = Line()
                self._estimate_for(rules)
                self.seats.open(rules.name)
            self.queues[rules.name] = rules
        self.seats.reach_again()

    def _estimate_for(self, rules: QueueRules) -> None:
        for channel in Channel:
            self.estimators[rules.name, channel] = WaitEstimator(rules.handling_s)

    # Waiting

    def wait(self, case: Case, now: float) -> None:
        """Find an agent for the contact, or let it stand in line with the timers of its queue."""
        case.state = ContactState.WAITING
        if self._offer_somebody(case, now):
            return
        self.join(case, now)
        rules, contact_id = self.queues[case.queue], case.contact.contact_id
        self._set_widening(case, rules)
        if not case.callback:
            self._set_patience(case, rules, now)
        if case.need.only:
            self.timers.set(Timing.LAST_AGENT, case.entered + rules.last_agent_s, contact_id)
        if case.need.excluded:
            self.timers.set(Timing.DECLINED, now + rules.declined_for_s, contact_id)

    def join(self, case: Case, now: float) -> None:
        """Stand in line, where the rank says."""
        self.lines[case.queue].add(case.need, case.rank, case.contact.contact_id)
        case.in_line = True
        self._observe(case.queue, now)
        if not case.queued:
            case.queued = True
            position, case.estimate_s = self.outlook(case)
            self.effects.append(
                e.Queued(case.contact.contact_id, case.queue, position, case.estimate_s)
            )

    def step_out(self, case: Case, now: float) -> None:
        """Leave the line, where the contact stands in it, and stop what was timed for waiting."""
        if case.in_line:
            self.lines[case.queue].remove(case.need, case.rank, case.contact.contact_id)
            case.in_line = False
            self._observe(case.queue, now)
        for timing in _OF_WAITING:
            self.timers.cancel(timing, case.contact.contact_id)

    def seek(
        self,
        case: Case,
        now: float,
        *,
        ring: int | None = None,
        excluded: tuple[AgentId, ...] | None = None,
    ) -> None:
        """Ask more, or other, agents on behalf of a contact that stands in line."""
        self.lines[case.queue].remove(case.need, case.rank, case.contact.contact_id)
        case.in_line = False
        rules = self.queues[case.queue]
        case.need = need_of(
            case.contact,
            rules,
            case.need.ring if ring is None else ring,
            NOBODY if ring is None and excluded is None else case.need.only,
            case.need.excluded if excluded is None else excluded,
        )
        if self._offer_somebody(case, now):
            self._observe(case.queue, now)
        else:
            self.join(case, now)
            self._set_widening(case, rules)

    def position(self, case: Case) -> int:
        return sum(self.lines[case.queue].ahead_of(case.rank).values()) + 1

    def outlook(self, case: Case) -> tuple[int, float | None]:
        """The place in line, and the estimated rest of the wait (s): for that only contacts of its
        own channel are ahead, as what the others take of the agents is in the measured rate."""
        channel, ahead = case.need.channel, self.lines[case.queue].ahead_of(case.rank)
        wait_s = self.estimate(case.queue, channel, ahead[channel] + 1)
        return sum(ahead.values()) + 1, wait_s

    def estimate(self, queue: str, channel: Channel, position: int) -> float | None:
        """The same for the contact that is at ``position`` (1 is next) of those of its channel."""
        places = self.seats.places(queue, channel)
        return self.estimators[queue, channel].estimate(position, places)

    def _set_patience(self, case: Case, rules: QueueRules, now: float) -> None:
        """What only a caller on the line needs: overflow by time, and announcements."""
        contact_id = case.contact.contact_id
        for spill in rules.overflow:
            if spill.when is Spill.WAIT and spill.queue not in case.visited:
                self.timers.set(Timing.SPILL, case.entered + spill.after_s, contact_id)
                break
        if rules.announcing is not None:
            self.timers.set(Timing.ANNOUNCE, max(now, case.announce_at), contact_id)

    def _set_widening(self, case: Case, rules: QueueRules) -> None:
        if case.need.ring < len(rules.rings):
            due = case.entered + rules.rings[case.need.ring].after_s
            self.timers.set(Timing.WIDEN, due, case.contact.contact_id)

    def _observe(self, queue: str, now: float) -> None:
        for channel in Channel:
            waiting = self.lines[queue].count(channel)
            places = self.seats.places(queue, channel)
            self.estimators[queue, channel].observe(now, waiting, places)

    # Agents and contacts find each other

    def _offer_somebody(self, case: Case, now: float) -> bool:
        seat = self._best_agent(case)
        if seat is None:
            return False
        self.offer(case, seat, now)
        return True

    def _best_agent(self, case: Case) -> Seat | None:
        need, rules = case.need, self.queues[case.queue]
        if need.only:
            seat = self.seats.get(need.only)
            return seat if seat is not None and seat.suits(need) is not None else None
        asked = [case.queue]
        for ring in rules.rings[: need.ring]:
            asked += [name for name in ring.agents_of if name not in asked]
        best, most = None, -1
        for seat in self.seats.free(asked, need.channel):
            proficiency = seat.suits(need)
            if proficiency is None:
                continue
            if rules.routing is Routing.LONGEST_IDLE:
                return seat
            if proficiency > most:
                best, most = seat, proficiency
        return best

    def offer(self, case: Case, seat: Seat, now: float) -> None:
        """Reserve the agent for the contact, and ring."""
        contact_id, agent_id = case.contact.contact_id, seat.profile.agent_id
        if case.queued:
            self.estimators[case.queue, case.need.channel].started()
        self.step_out(case, now)
        case.state = ContactState.OFFERED
        self.seize(case, seat)
        rings = self.queues[case.queue].answer_within_s
        self.timers.set(Timing.NO_ANSWER, now + rings, contact_id)
        waited = now - case.since
        self.effects.append(e.Offer(contact_id, agent_id, case.queue, waited, rings, case.callback))

    def seize(self, case: Case, seat: Seat) -> None:
        """Let the contact take its share of the agent, who is its agent now."""
        case.agent_id = seat.profile.agent_id
        seat.engaged[case.contact.contact_id] = case.contact.channel
        self.seats.refresh(seat)

    def feed(self, seat: Seat, now: float) -> None:
        """Offer to an agent with room whoever comes first, until nobody waits or nothing fits."""
        while seat.presence is Presence.AVAILABLE and seat.used < seat.units:
            best = None
            for queue, ring in seat.reach:
                for need, rank, contact_id in self.lines[queue].heads(seat.profile.agent_id):
                    if (
                        (best is None or rank < best[0])
                        and (need.only or need.ring >= ring)
                        and seat.suits(need) is not None
                    ):
                        best = rank, contact_id
            if best is None:
                return
            self.offer(self.cases[best[1]], seat, now)

    def take_back(self, case: Case, now: float, *, declined: bool = False) -> Seat:
        """Put a contact that was offered at the head of its line; gives the agent, now free of it.
        The caller of this goes on with `wait` and `feed`."""
        contact_id = case.contact.contact_id
        seat = self.seats[case.agent_id]
        self.timers.cancel(Timing.NO_ANSWER, contact_id)
        del seat.engaged[contact_id]
        self.seats.refresh(seat)
        rules = self.queues[case.queue]
        excluded = case.need.excluded
        if declined:
            excluded = (*excluded, case.agent_id)
        case.need = need_of(case.contact, rules, case.need.ring, NOBODY, excluded)
        case.rank = case.rank._replace(tier=0)
        case.agent_id = NOBODY
        return seat

    def release(self, case: Case, now: float) -> None:
        """End the work of the agent with a contact that was connected; work after it may follow."""
        contact_id = case.contact.contact_id
        seat = self.seats[case.agent_id]
        channel = seat.engaged.pop(contact_id)
        wrap_up_s = self.queues[case.queue].wrap_up_s
        until = None if wrap_up_s is None else now + wrap_up_s
        self.effects.append(e.Release(contact_id, case.agent_id, until))
        if wrap_up_s == 0:
            self.free(seat, now)
            return
        seat.wrapping[contact_id] = channel
        self.seats.refresh(seat)
        if until is not None:
            self.timers.set(Timing.WRAP_UP, until, contact_id, case.agent_id)

    def free(self, seat: Seat, now: float) -> None:
        """Some of the agent's work is over."""
        seat.idle_since = now
        self.seats.refresh(seat)
        if seat.presence is Presence.LEAVING and seat.is_idle:
            self.seats.remove(seat)
            self.effects.append(e.AgentChanged(seat.profile.agent_id, None, seat.reason))

    def presence(self, seat: Seat, presence: Presence, reason: str, now: float) -> None:
        """Change whether the agent takes contacts; who waits for this agent alone waits for all."""
        self.seats.change(seat, presence, reason)
        seat.since = now
        self.timers.cancel(Timing.RETURN, "", seat.profile.agent_id)
        self.effects.append(e.AgentChanged(seat.profile.agent_id, presence, reason))
        for queue in seat.profile.queues:
            self._observe(queue, now)
        if presence is not Presence.AVAILABLE:
            for queue, _ in seat.reach:
                for contact_id in self.lines[queue].waiting_for(seat.profile.agent_id):
                    self.seek(self.cases[contact_id], now)

    def resize(self, seat: Seat, voice: int, text: int, now: float) -> None:
        """Let the agent take so many calls and conversations from now on."""
        self.seats.resize(seat, voice, text)
        for queue in seat.profile.queues:
            self._observe(queue, now)

    def come_back_later(self, seat: Seat, now: float) -> None:
        """The agent is away because they could not be asked: try again in a while."""
        if self._unreachable_s:
            due = now + self._unreachable_s
            self.timers.set(Timing.RETURN, due, "", seat.profile.agent_id)

    # Coming and going

    def _last_agent(self, case: Case, now: float) -> AgentId:
        """The agent whom this caller should wait for a while; NOBODY where there is none."""
        rules, contact = self.queues[case.queue], case.contact
        if rules.last_agent_s <= 0:
            return NOBODY
        agent_id = self.last_agents.of(contact.party, now - rules.last_agent_within_s)
        seat = self.seats.get(contact.last_agent or agent_id)
        if seat is None or seat.presence is not Presence.AVAILABLE:
            return NOBODY
        serves = seat.costs[contact.channel] and case.queue in dict(seat.reach)
        return seat.profile.agent_id if serves else NOBODY

    def place(self, case: Case, queue: str, now: float, excluded: tuple[AgentId, ...] = ()) -> None:
        """Give the contact its place and needs in ``queue``; not to be offered to ``excluded``."""
        rules = self.queues[queue]
        self._arrivals += 1
        case.queue, case.entered = queue, now
        case.queued, case.estimate_s = False, None
        case.rank = rank_of(case.contact, rules, case.since, self._arrivals)
        case.need = need_of(case.contact, rules, 0, excluded=excluded)
        if rules.announcing is not None:
            case.announce_at = now + rules.announcing.first_s
        if not excluded and (only := self._last_agent(case, now)):
            case.need = replace(case.need, only=only)

    def drop(self, case: Case, now: float) -> None:
        """Forget a contact; an agent who was asked is free again (and to be fed)."""
        contact_id = case.contact.contact_id
        self.step_out(case, now)
        for timing in (Timing.NO_ANSWER, Timing.CALLBACK):
            self.timers.cancel(timing, contact_id)
        del self.cases[contact_id]
        self.bookings.remove(case.contact.party, contact_id)
