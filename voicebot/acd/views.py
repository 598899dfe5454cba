"""What may be seen of the distribution from outside: frozen, and no part of it."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.acd.case import Case
from voicebot.acd.estimate import EstimateError
from voicebot.acd.floor import Floor
from voicebot.acd.model import AgentId, Contact, ContactId, ContactState, Presence
from voicebot.acd.seats import Seat


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue now. ``waiting`` counts callbacks whose turn may come too; ``longest_wait_s`` is of
    the first in line; ``agents`` are available or at work, ``free`` have room left."""

    waiting: int
    longest_wait_s: float
    agents: int
    free: int
    next_wait_s: float | None
    error: EstimateError


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
    free = floor.seats.count_free(name)
    next_wait = 0.0 if free and not len(line) else floor.estimate(name, len(line) + 1)
    return QueueState(
        len(line),
        longest,
        floor.seats.available(name),
        free,
        next_wait,
        floor.estimators[name].error,
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
