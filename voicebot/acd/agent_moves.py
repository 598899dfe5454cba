"""What each event about an agent does; `acd` has checked that it may happen."""

from __future__ import annotations

from collections.abc import Collection

from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.contact_moves import overflow, settle
from voicebot.acd.floor import Floor
from voicebot.acd.model import Channel, ContactId, ContactState, Presence, Spill
from voicebot.acd.seats import Seat
from voicebot.acd.timers import Timing
from voicebot.errors import RoutingError


def sign_in(floor: Floor, event: ev.SignIn, now: float) -> None:
    profile = event.profile
    seat = floor.seats.get(profile.agent_id)
    if seat is not None and seat.presence is not Presence.LEAVING:
        raise RoutingError(f"agent {profile.agent_id} is signed in already")
    unknown = [name for name in profile.queues if name not in floor.queues]
    if unknown or len(set(profile.queues)) != len(profile.queues):
        raise RoutingError(f"agent {profile.agent_id} has queues that are unknown or twice there")
    if min(profile.voice, profile.text) < 0 or not (profile.voice or profile.text):
        raise RoutingError(f"agent {profile.agent_id} has no room for a contact")
    seat = floor.seats.add(profile, now)
    floor.presence(seat, Presence.AVAILABLE, "", now)
    floor.feed(seat, now)


def sign_out(floor: Floor, seat: Seat, event: ev.SignOut, now: float) -> None:
    """The agent takes nothing more; who was waiting for agents and has none left may overflow."""
    _stop(floor, seat, Presence.LEAVING, "signed out", now)
    if seat.is_idle:
        floor.free(seat, now)
    _overflow_alone(floor, seat, now)


def pause(floor: Floor, seat: Seat, event: ev.Pause, now: float) -> None:
    _stop(floor, seat, Presence.PAUSED, event.reason, now)


def agent_lost(floor: Floor, seat: Seat, event: ev.AgentLost, now: float) -> None:
    _stop(floor, seat, Presence.AWAY, event.reason, now)


def resume(floor: Floor, seat: Seat, event: ev.Resume, now: float) -> None:
    come_back(floor, seat, now)


def come_back(floor: Floor, seat: Seat, now: float) -> None:
    """Take contacts again; of an agent who could not be asked the next offer tells."""
    seat.idle_since = now
    floor.presence(seat, Presence.AVAILABLE, "", now)
    floor.feed(seat, now)


def room(floor: Floor, seat: Seat, event: ev.Room, now: float) -> None:
    """Take another number of contacts at once; what rings of a kind that the agent takes no longer
    goes back to the head of its line."""
    floor.resize(seat, event.voice, event.text, now)
    taken = {channel for channel, cost in seat.costs.items() if cost is not None}
    _take_back(floor, seat, "no room", now, leave=taken)
    _overflow_alone(floor, seat, now)
    floor.feed(seat, now)


def wrap_up_done(floor: Floor, seat: Seat, contact_id: ContactId, now: float) -> None:
    del seat.wrapping[contact_id]
    floor.timers.cancel(Timing.WRAP_UP, contact_id, seat.profile.agent_id)
    floor.effects.append(e.AgentFree(contact_id, seat.profile.agent_id))
    floor.free(seat, now)
    settle(floor, seat.profile.agent_id, now)


def _stop(floor: Floor, seat: Seat, presence: Presence, reason: str, now: float) -> None:
    """Take no more contacts; what rings at the agent goes back to the head of its line."""
    floor.presence(seat, presence, reason, now)
    _take_back(floor, seat, reason, now)


def _take_back(
    floor: Floor, seat: Seat, reason: str, now: float, leave: Collection[Channel] = ()
) -> None:
    """Let what rings at the agent wait again, but for contacts of the kinds in ``leave``."""
    for contact_id, channel in list(seat.engaged.items()):
        case = floor.cases[contact_id]
        if case.state is ContactState.OFFERED and channel not in leave:
            floor.effects.append(e.Withdraw(contact_id, seat.profile.agent_id, reason))
            floor.take_back(case, now)
            floor.wait(case, now)


def _overflow_alone(floor: Floor, seat: Seat, now: float) -> None:
    """Send on who waits where nobody takes what they are any more, now that ``seat`` does not."""
    for queue, _ in seat.reach:
        alone = {channel for channel in Channel if not floor.seats.reaching(queue, channel)}
        if not alone or not _has_rule(floor, queue):
            continue
        for contact_id in floor.lines[queue].in_order():
            case = floor.cases[contact_id]
            if case.contact.channel in alone and not case.callback:
                overflow(floor, case, Spill.NO_AGENT, now)


def _has_rule(floor: Floor, queue: str) -> bool:
    return any(rule.when is Spill.NO_AGENT for rule in floor.queues[queue].overflow)
