"""What the distribution wants done, in order. Sessions and desks carry it out; records read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from voicebot.acd.model import AgentId, Channel, ContactId, Presence, Spill


@dataclass(frozen=True, slots=True)
class Queued:
    """The contact stands in line: ``position`` 1 is next. ``wait_s`` is the estimate, None where
    no agent is there to make one from."""

    contact_id: ContactId
    queue: str
    position: int
    wait_s: float | None


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the caller the position and the estimated rest of the wait."""

    contact_id: ContactId
    position: int
    wait_s: float | None


@dataclass(frozen=True, slots=True)
class Offer:
    """Ring at the agent, who alone may take the contact, for at most ``answer_within_s``."""

    contact_id: ContactId
    agent_id: AgentId
    queue: str
    waited_s: float
    answer_within_s: float
    callback: bool


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Stop ringing at the agent."""

    contact_id: ContactId
    agent_id: AgentId
    reason: str


@dataclass(frozen=True, slots=True)
class Connect:
    """Join the caller and the agent."""

    contact_id: ContactId
    agent_id: AgentId
    queue: str
    waited_s: float


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The caller is this agent's now, who was in the conversation already: nothing rings and
    nothing is joined. The agent before is released first."""

    contact_id: ContactId
    agent_id: AgentId
    queue: str


@dataclass(frozen=True, slots=True)
class Release:
    """The agent is done with the caller; work after it runs until ``until`` (None: until the agent
    says so; equal to now: there is none)."""

    contact_id: ContactId
    agent_id: AgentId
    until: float | None


@dataclass(frozen=True, slots=True)
class AgentFree:
    """The work after a contact is over."""

    contact_id: ContactId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class Overflowed:
    """The contact leaves ``queue``. With ``to_queue`` it waits there and keeps the time it arrived;
    else the session takes it to ``to``, or sends it away where that is empty too, and the
    distribution knows it no longer. ``opens_at`` is set where the queue is closed and will open."""

    contact_id: ContactId
    queue: str
    why: Spill
    to_queue: str = ""
    to: str = ""
    opens_at: float | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """The contact waits for the agents of another channel, at the place it had."""

    contact_id: ContactId
    queue: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The caller left without a person."""

    contact_id: ContactId
    queue: str
    reason: str
    waited_s: float


@dataclass(frozen=True, slots=True)
class CallbackBooked:
    """``due_at`` is the time agreed, None for 'when the turn comes'."""

    contact_id: ContactId
    due_at: float | None


@dataclass(frozen=True, slots=True)
class CallbackDue:
    """Dial the caller; the agent waits, and has accepted."""

    contact_id: ContactId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class CallbackOff:
    """There will be no callback: 'reached' (the caller got through another way) or the reason of
    the last attempt that failed."""

    contact_id: ContactId
    reason: str


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """``presence`` None: the agent is gone."""

    agent_id: AgentId
    presence: Presence | None
    reason: str


Effect: TypeAlias = (
    Queued
    | Announce
    | Offer
    | Withdraw
    | Connect
    | HandedOver
    | Release
    | AgentFree
    | Overflowed
    | Moved
    | Abandoned
    | CallbackBooked
    | CallbackDue
    | CallbackOff
    | AgentChanged
)
