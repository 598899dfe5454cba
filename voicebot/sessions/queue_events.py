"""What the distribution does, as live events for those who watch. Pure."""

from __future__ import annotations

from collections.abc import Callable

from voicebot.acd import effects as e
from voicebot.acd.model import ContactId
from voicebot.acd.views import ContactPlace
from voicebot.sessions.feed import AgentMoved, LiveEvent, QueueChange, QueueMoved
from voicebot.sessions.queue_records import state_of
from voicebot.types import CallId


def live(
    effect: e.Effect, now: float, find: Callable[[ContactId], ContactPlace | None]
) -> LiveEvent:
    """``effect`` of ``now`` (UTC epoch seconds) as it is told; ``find`` tells where a contact
    stands."""
    if isinstance(effect, e.AgentChanged):
        return AgentMoved(effect.agent_id, now, state_of(effect), effect.reason)
    place = find(effect.contact_id)
    here = "" if place is None else place.queue
    call, change = CallId(effect.contact_id), _CHANGES[type(effect)]
    match effect:
        case e.Queued(_, queue, position, wait_s):
            return QueueMoved(call, now, change, queue, position=position, wait_s=wait_s)
        case e.Announce(_, position, wait_s):
            return QueueMoved(call, now, change, here, position=position, wait_s=wait_s)
        case e.Offer(_, agent, queue, waited_s) | e.Connect(_, agent, queue, waited_s):
            return QueueMoved(call, now, change, queue, agent, waited_s=waited_s)
        case e.HandedOver(_, agent, queue):
            return QueueMoved(call, now, change, queue, agent)
        case e.Withdraw(_, agent, reason):
            return QueueMoved(call, now, change, here, agent, reason=reason)
        case e.Release(_, agent) | e.AgentFree(_, agent) | e.CallbackDue(_, agent):
            return QueueMoved(call, now, change, here, agent)
        case e.Overflowed(_, queue, why):
            return QueueMoved(call, now, change, queue, reason=why.value)
        case e.Moved(_, queue, channel):
            return QueueMoved(call, now, change, queue, reason=channel.value)
        case e.Abandoned(_, queue, reason, waited_s):
            return QueueMoved(call, now, change, queue, waited_s=waited_s, reason=reason)
        case e.CallbackOff(_, reason):
            return QueueMoved(call, now, change, here, reason=reason)
        case e.CallbackBooked():
            return QueueMoved(call, now, change, here)


_CHANGES: dict[type, QueueChange] = {
    e.Queued: "waiting",
    e.Announce: "told",
    e.Offer: "offered",
    e.Withdraw: "withdrawn",
    e.Connect: "answered",
    e.HandedOver: "handed_over",
    e.Release: "released",
    e.AgentFree: "free",
    e.Overflowed: "sent_away",
    e.Moved: "moved",
    e.Abandoned: "left",
    e.CallbackBooked: "callback_booked",
    e.CallbackDue: "callback_due",
    e.CallbackOff: "callback_off",
}
