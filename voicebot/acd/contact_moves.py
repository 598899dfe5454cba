"""What each event about a contact does; `acd` has checked that it may happen."""

from __future__ import annotations

from dataclasses import replace

from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.admission import Step, admit
from voicebot.acd.case import Case, need_of, rank_of
from voicebot.acd.floor import Floor
from voicebot.acd.model import NOBODY, AgentId, Channel, Contact, ContactState, Presence, Spill
from voicebot.acd.timers import Timing
from voicebot.errors import RoutingError


def enqueue(floor: Floor, event: ev.Enqueue, now: float) -> None:
    """A contact arrives, or gets its place back after a restart."""
    contact = event.contact
    _check_new(floor, contact)
    since = now if event.arrived_at is None else min(now, event.arrived_at)
    case = _case(floor, contact, since, now)
    floor.cases[contact.contact_id] = case
    if event.restored:
        floor.place(case, contact.queue, now)
        if event.head:
            case.rank = case.rank._replace(tier=0)
        floor.wait(case, now)
    else:
        send(floor, case, contact.queue, now)


def _check_new(floor: Floor, contact: Contact) -> None:
    if contact.contact_id in floor.cases:
        raise RoutingError(f"contact {contact.contact_id} is here already")
    if contact.queue not in floor.queues:
        raise RoutingError(f"there is no queue '{contact.queue}'")


def _case(floor: Floor, contact: Contact, since: float, now: float) -> Case:
    rules = floor.queues[contact.queue]
    rank = rank_of(contact, rules, since, 0)
    return Case(contact, contact.queue, since, now, rank, need_of(contact, rules, 0))


def promise(floor: Floor, event: ev.Promise, now: float) -> None:
    """A callback without a wait before it."""
    contact = event.contact
    _check_new(floor, contact)
    if event.at is None:
        queue, due = _promised(floor, contact, now)
    else:
        _check_open(floor, contact.queue, event.at)
        queue, due = contact.queue, event.at
    since = now if event.arrived_at is None else min(now, event.arrived_at)
    case = floor.cases[contact.contact_id] = _case(floor, contact, since, now)
    case.callback = True
    floor.bookings.add(contact.party, contact.contact_id)
    floor.effects.append(e.CallbackBooked(contact.contact_id, due))
    floor.place(case, queue, now)
    if due is None:
        floor.wait(case, now)
    else:
        _schedule(floor, case, due)


def _promised(floor: Floor, contact: Contact, now: float) -> tuple[str, float | None]:
    """The queue that takes the contact, and when it opens where it is closed. Raises RoutingError
    where none does."""
    admission = admit(floor, contact.queue, contact.channel, now)
    if admission.queue:
        return admission.queue, None
    last = admission.steps[-1]
    if last.opens_at is None:
        raise RoutingError(f"queue '{last.queue}' takes nobody now ({last.why})")
    return last.queue, last.opens_at


def _check_open(floor: Floor, queue: str, at: float) -> None:
    hours = floor.queues[queue].hours
    if hours is not None and not hours.is_open(at):
        raise RoutingError(f"queue '{queue}' is closed at the time of the callback")


def send(
    floor: Floor, case: Case, queue: str, now: float, excluded: tuple[AgentId, ...] = ()
) -> None:
    """Let the contact wait in ``queue`` or where that sends it, or forget it."""
    admission = admit(floor, queue, case.contact.channel, now, case.visited)
    for step in admission.steps:
        _tell(floor, case, step)
        case.visited = (*case.visited, step.queue)
    if not admission.queue:
        floor.drop(case, now)
        return
    floor.place(case, admission.queue, now, excluded)
    floor.wait(case, now)


def overflow(floor: Floor, case: Case, why: Spill, now: float) -> bool:
    """Send a contact that stands in line where its queue's rule for ``why`` says, if anywhere.

    A queue that would not take it is passed over: who waits somewhere is not sent away by it.
    """
    for rule in floor.queues[case.queue].overflow:
        if rule.when is not why or rule.queue in case.visited:
            continue
        visited = (*case.visited, case.queue)
        channel = case.contact.channel
        if rule.queue and not admit(floor, rule.queue, channel, now, visited).queue:
            continue
        floor.step_out(case, now)
        _tell(floor, case, Step(case.queue, why, rule.queue, rule.to))
        case.visited = visited
        if rule.queue:
            send(floor, case, rule.queue, now)
        else:
            floor.drop(case, now)
        return True
    return False


def _tell(floor: Floor, case: Case, step: Step) -> None:
    floor.effects.append(
        e.Overflowed(
            case.contact.contact_id, step.queue, step.why, step.to_queue, step.to, step.opens_at
        )
    )


def abandon(floor: Floor, case: Case, event: ev.Abandon, now: float) -> None:
    waited = now - case.since
    seat = None
    if case.state in {ContactState.OFFERED, ContactState.DIALLING}:
        floor.effects.append(e.Withdraw(event.contact_id, case.agent_id, "caller left"))
        seat = floor.take_back(case, now)
    if case.queued and not case.callback:
        floor.estimators[case.queue, case.need.channel].abandoned()
    floor.drop(case, now)
    floor.effects.append(e.Abandoned(event.contact_id, case.queue, event.reason, waited))
    if seat is not None:
        settle(floor, seat.profile.agent_id, now)


def settle(floor: Floor, agent_id: AgentId, now: float) -> None:
    """The agent has room again: go, where the agent is leaving, or take the next."""
    seat = floor.seats.get(agent_id)
    if seat is None:
        return
    if seat.presence is Presence.LEAVING:
        floor.free(seat, now)
    else:
        floor.feed(seat, now)


def answer(floor: Floor, case: Case, event: ev.Answer, now: float) -> None:
    floor.timers.cancel(Timing.NO_ANSWER, event.contact_id)
    if case.callback:
        case.state = ContactState.DIALLING
        floor.effects.append(e.CallbackDue(event.contact_id, event.agent_id))
    else:
        _connect(floor, case, now)


def _connect(floor: Floor, case: Case, now: float) -> None:
    contact, waited = case.contact, now - case.since
    case.state = ContactState.CONNECTED
    floor.effects.append(e.Connect(contact.contact_id, case.agent_id, case.queue, waited))
    if case.estimate_s is not None and not case.callback:
        estimator = floor.estimators[case.queue, case.need.channel]
        estimator.came_true(case.estimate_s, now - case.entered)
    floor.last_agents.remember(contact.party, case.agent_id, now)
    for other in floor.bookings.of(contact.party):
        if other != contact.contact_id:
            _call_off(floor, floor.cases[other], "reached", now)


def _call_off(floor: Floor, case: Case, reason: str, now: float) -> None:
    contact_id, agent_id = case.contact.contact_id, case.agent_id
    if case.state in {ContactState.OFFERED, ContactState.DIALLING}:
        floor.effects.append(e.Withdraw(contact_id, agent_id, reason))
        floor.take_back(case, now)
    elif case.state is ContactState.CONNECTED:
        return
    floor.drop(case, now)
    floor.effects.append(e.CallbackOff(contact_id, reason))
    settle(floor, agent_id, now)


def decline(floor: Floor, case: Case, event: ev.Decline, now: float) -> None:
    seat = floor.take_back(case, now, declined=True)
    floor.wait(case, now)
    settle(floor, seat.profile.agent_id, now)


def offer_failed(floor: Floor, case: Case, event: ev.OfferFailed, now: float) -> None:
    seat = floor.seats[case.agent_id]
    goes_away = seat.presence is Presence.AVAILABLE
    unanswered(floor, case, event.reason, now)
    if goes_away:
        floor.come_back_later(seat, now)


def unanswered(floor: Floor, case: Case, reason: str, now: float) -> None:
    """The agent did not take the offer: the agent goes away, the contact to the line's head."""
    seat = floor.take_back(case, now)
    if seat.presence is Presence.AVAILABLE:
        floor.presence(seat, Presence.AWAY, reason, now)
    floor.wait(case, now)
    if seat.presence is Presence.LEAVING:
        floor.free(seat, now)


def finish(floor: Floor, case: Case, event: ev.Finish, now: float) -> None:
    agent_id = case.agent_id
    floor.release(case, now)
    floor.drop(case, now)
    settle(floor, agent_id, now)


def transfer(floor: Floor, case: Case, event: ev.Transfer, now: float) -> None:
    if event.queue not in floor.queues:
        raise RoutingError(f"there is no queue '{event.queue}'")
    admission = admit(floor, event.queue, case.contact.channel, now)
    if not admission.queue:
        why = admission.steps[-1].why
        raise RoutingError(f"queue '{event.queue}' takes nobody now ({why})")
    agent_id = case.agent_id
    floor.release(case, now)
    case.agent_id, case.visited = NOBODY, ()
    floor.bookings.remove(case.contact.party, event.contact_id)
    case.callback = False
    send(floor, case, event.queue, now, (agent_id,))
    settle(floor, agent_id, now)


def hand_over(floor: Floor, case: Case, event: ev.HandOver, now: float) -> None:
    contact_id, former = event.contact_id, case.agent_id
    seat = floor.seats.get(event.agent_id)
    if seat is None or seat.presence is Presence.LEAVING:
        raise RoutingError(f"agent {event.agent_id} is not signed in")
    if event.agent_id == former or contact_id in seat.wrapping:
        raise RoutingError(f"agent {event.agent_id} is at work on contact {contact_id} already")
    if not seat.has_room(case.contact.channel):
        raise RoutingError(f"agent {event.agent_id} has no room for another contact")
    floor.release(case, now)
    floor.seize(case, seat)
    floor.effects.append(e.HandedOver(contact_id, event.agent_id, case.queue))
    floor.last_agents.remember(case.contact.party, event.agent_id, now)
    settle(floor, former, now)


def line_lost(floor: Floor, case: Case, event: ev.LineLost, now: float) -> None:
    agent_id = case.agent_id
    floor.release(case, now)
    case.agent_id, case.visited, case.callback = NOBODY, (), False
    floor.bookings.remove(case.contact.party, event.contact_id)
    floor.place(case, case.queue, now, (agent_id,))
    case.rank = case.rank._replace(tier=0)
    floor.wait(case, now)
    settle(floor, agent_id, now)


def step_aside(floor: Floor, case: Case, event: ev.StepAside, now: float) -> None:
    case.aside = True


def step_back(floor: Floor, case: Case, event: ev.StepBack, now: float) -> None:
    case.aside = False


def move(floor: Floor, case: Case, event: ev.Move, now: float) -> None:
    if case.callback:
        raise RoutingError(f"contact {event.contact_id} has a callback booked")
    if case.contact.channel is event.channel:
        raise RoutingError(f"contact {event.contact_id} waits by {event.channel} already")
    only, agent_id = case.need.only, case.agent_id
    if case.state is ContactState.OFFERED:
        floor.effects.append(e.Withdraw(event.contact_id, agent_id, f"goes on by {event.channel}"))
        floor.take_back(case, now)
        only = NOBODY
    else:
        floor.step_out(case, now)
    _go_by(floor, case, event.channel, only)
    floor.wait(case, now)
    settle(floor, agent_id, now)


def _go_by(floor: Floor, case: Case, channel: Channel, only: AgentId) -> None:
    """Want agents of ``channel``, and ``only`` this one where they take that. Not in line."""
    case.contact = replace(case.contact, channel=channel)
    if only and not floor.seats[only].costs[channel]:
        only = NOBODY
    case.need = replace(case.need, channel=channel, only=only)
    # What was told was of the other channel's line; nobody knows what the wait would have been.
    case.estimate_s = None
    floor.effects.append(e.Moved(case.contact.contact_id, case.queue, channel))


def book_callback(floor: Floor, case: Case, event: ev.BookCallback, now: float) -> None:
    if case.callback:
        raise RoutingError(f"contact {event.contact_id} has a callback booked")
    if event.at is not None:
        _check_open(floor, case.queue, event.at)
    floor.bookings.add(case.contact.party, event.contact_id)
    case.callback = True
    floor.effects.append(e.CallbackBooked(event.contact_id, event.at))
    floor.timers.cancel(Timing.ANNOUNCE, event.contact_id)
    floor.timers.cancel(Timing.SPILL, event.contact_id)
    writes = case.contact.channel is not Channel.VOICE
    if event.at is None and not writes:
        return
    floor.step_out(case, now)
    if writes:
        _go_by(floor, case, Channel.VOICE, case.need.only)
    if event.at is None:
        floor.wait(case, now)
    else:
        _schedule(floor, case, event.at)


def _schedule(floor: Floor, case: Case, due: float) -> None:
    case.state, case.due_at = ContactState.SCHEDULED, due
    floor.timers.set(Timing.CALLBACK, due, case.contact.contact_id)


def callback_time(floor: Floor, case: Case, now: float) -> None:
    """The time of a callback has come; where the queue is closed by now, when it opens."""
    hours = floor.queues[case.queue].hours
    if hours is not None and not hours.is_open(now):
        opens_at = hours.next_open(now)
        if opens_at is None:
            _call_off(floor, case, "closed", now)
        else:
            _schedule(floor, case, opens_at)
        return
    case.due_at = None
    floor.wait(case, now)


def reached(floor: Floor, case: Case, event: ev.Reached, now: float) -> None:
    _connect(floor, case, now)


def not_reached(floor: Floor, case: Case, event: ev.NotReached, now: float) -> None:
    agent_id = case.agent_id
    rules = floor.queues[case.queue].callbacks
    floor.take_back(case, now)
    case.attempts += 1
    if case.attempts >= rules.attempts:
        floor.drop(case, now)
        floor.effects.append(e.CallbackOff(event.contact_id, event.reason))
    else:
        _schedule(floor, case, now + rules.retry_s)
    settle(floor, agent_id, now)
