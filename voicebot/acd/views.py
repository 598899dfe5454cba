"""What may be seen of the distribution from outside: frozen, and no part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.acd.case import Case
from voicebot.acd.estimate import EstimateError, error_of
from voicebot.acd.floor import Floor
from voicebot.acd.model import AgentId, Channel, Contact, ContactId, ContactState, Presence
from voicebot.acd.seats import Seat


@dataclass(frozen=True, slots=True)
class ChannelState:
    """A queue for who comes by one channel: ``agents`` take it and are available or at work,
    ``free`` have room for one more, and who came now would wait ``next_wait_s`` (None: nobody
    knows)."""

    agents: int
    free: int
    next_wait_s: float | None


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue now. ``waiting`` counts callbacks whose turn may come too; ``longest_wait_s`` is of
    the first in line; ``agents`` are available or at work, ``free`` have room left."""

    waiting: int
    longest_wait_s: float
    agents: int
    free: int
    error: EstimateError
    channels: Mapping[Channel, ChannelState]

    @property
    def next_wait_s(self) -> float | None:
        """What a caller who came now would wait; where nobody takes calls, who writes."""
        calls = self.channels[Channel.VOICE]
        return (calls if calls.agents else self.channels[Channel.TEXT]).next_wait_s


@dataclass(frozen=True, slots=True)
class AgentState:
    presence: Presence
    reason: str
    contacts: tuple[ContactId, ...]
    wrapping: tuple[ContactId, ...]
    used: float
    """The share of the agent in use, 0 to 1."""
    since: float = 0.0
    """When the presence began, UTC epoch seconds."""


@dataclass(frozen=True, slots=True)
class ContactPlace:
    """Where a contact stands: what to write down so that a restart keeps the places."""

    contact: Contact
    queue: str
    state: ContactState
    arrived_at: float
    agent_id: AgentId
    callback: bool
    due_at: float | None


def queue_state(floor: Floor, name: str, now: float) -> QueueState:
    line = floor.lines[name]
    first = line.first()
    longest = 0.0 if first is None else max(0.0, now - floor.cases[first].since)
    return QueueState(
        len(line),
        longest,
        floor.seats.available(name),
        floor.seats.count_free(name),
        error_of(*(floor.estimators[name, channel] for channel in Channel)),
        {channel: _channel_state(floor, name, channel) for channel in Channel},
    )


def _channel_state(floor: Floor, queue: str, channel: Channel) -> ChannelState:
    waiting, free = floor.lines[queue].count(channel), floor.seats.count_free(queue, channel)
    at_once = free > 0 and not waiting
    return ChannelState(
        floor.seats.available(queue, channel),
        free,
        0.0 if at_once else floor.estimate(queue, channel, waiting + 1),
    )


def agent_state(seat: Seat) -> AgentState:
    return AgentState(
        seat.presence,
        seat.reason,
        tuple(seat.engaged),
        tuple(seat.wrapping),
        seat.used / seat.units,
        seat.since,
    )


def contact_place(case: Case) -> ContactPlace:
    return ContactPlace(
        case.contact,
        case.queue,
        case.state,
        case.since,
        case.agent_id,
        case.callback,
        case.due_at,
    )
