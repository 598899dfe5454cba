"""What happens to the distribution: one event a call of `Acd.receive`.

An event that makes no sense where things stand (an answer to an offer that was withdrawn, two
agents taking one contact) raises RoutingError and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from voicebot.acd.model import AgentId, AgentProfile, Channel, Contact, ContactId


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Somebody wants a person. ``arrived_at`` is when they began to wait, None for now; with
    ``restored`` the contact waited before a restart and gets its place back unconditionally, at the
    head of the line with ``head``: it was with an agent."""

    contact: Contact
    arrived_at: float | None = None
    restored: bool = False
    head: bool = False


@dataclass(frozen=True, slots=True)
class Abandon:
    """The caller left before being connected: hung up, was served elsewhere, or took back the
    callback."""

    contact_id: ContactId
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The agent takes what was offered."""

    contact_id: ContactId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class Decline:
    """The agent does not want this contact, but others."""

    contact_id: ContactId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class OfferFailed:
    """The agent could not be asked, or was connected to nobody: a telephone that is not there."""

    contact_id: ContactId
    agent_id: AgentId
    reason: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Caller and agent are done with each other."""

    contact_id: ContactId


@dataclass(frozen=True, slots=True)
class Transfer:
    """The agent sends the caller on to another queue. Raises RoutingError where that is closed or
    full, and the caller stays with the agent."""

    contact_id: ContactId
    queue: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """The agent leaves the caller with ``agent_id``, who is in the conversation already and serves
    the contact from now on, whatever the queues of theirs and their presence. Raises RoutingError
    where that agent is not there or has no room, and the caller stays with the agent."""

    contact_id: ContactId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class LineLost:
    """The agent's line died in the conversation, and the caller is there: back to the head of the
    line, whatever its hours and length, and to somebody else first."""

    contact_id: ContactId


@dataclass(frozen=True, slots=True)
class WrapUpDone:
    """The agent is done with the work after a contact."""

    agent_id: AgentId
    contact_id: ContactId


@dataclass(frozen=True, slots=True)
class StepAside:
    """The waiting caller does something else meanwhile (self-service, text) and keeps the place:
    no more announcements, but an agent is offered when the turn comes."""

    contact_id: ContactId


@dataclass(frozen=True, slots=True)
class StepBack:
    """The caller listens again."""

    contact_id: ContactId


@dataclass(frozen=True, slots=True)
class Move:
    """The waiting caller goes on in another way, by text or by voice, and keeps the place. An agent
    who is being asked for the old way is not any more; the contact goes to the line's head then."""

    contact_id: ContactId
    channel: Channel


@dataclass(frozen=True, slots=True)
class BookCallback:
    """The waiting caller hangs up, or writes no more, and is called: when the turn comes, or at
    ``at``."""

    contact_id: ContactId
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """Somebody who waits nowhere is to be called: when the turn comes, and where the queue is
    closed, when it opens; or ``at`` a time agreed. ``arrived_at`` as in `Enqueue`. Raises
    RoutingError where it takes nobody for another reason, or is closed at that time."""

    contact: Contact
    arrived_at: float | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """The caller answered the callback."""

    contact_id: ContactId


@dataclass(frozen=True, slots=True)
class NotReached:
    """The caller did not answer the callback."""

    contact_id: ContactId
    reason: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """An agent begins, or comes back before the last contact is finished."""

    profile: AgentProfile


@dataclass(frozen=True, slots=True)
class SignOut:
    """An agent ends, or is removed; a conversation that runs is finished first."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class Pause:
    agent_id: AgentId
    reason: str


@dataclass(frozen=True, slots=True)
class Resume:
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class Room:
    """The agent takes more or fewer contacts of a kind from now on (``voice``, ``text``); those
    that are there stay."""

    agent_id: AgentId
    voice: int
    text: int


@dataclass(frozen=True, slots=True)
class AgentLost:
    """The agent's browser or telephone is gone. What rang there goes back into the line; what was
    being talked about is the session's to save or to `Finish`."""

    agent_id: AgentId
    reason: str


@dataclass(frozen=True, slots=True)
class Tick:
    """The time of `Acd.next_timer` has come."""


ContactEvent: TypeAlias = (
    Abandon
    | Answer
    | Decline
    | OfferFailed
    | Finish
    | Transfer
    | HandOver
    | LineLost
    | StepAside
    | StepBack
    | Move
    | BookCallback
    | Reached
    | NotReached
)
AgentEvent: TypeAlias = SignOut | Pause | Resume | Room | AgentLost
Event: TypeAlias = Enqueue | Promise | SignIn | WrapUpDone | Tick | ContactEvent | AgentEvent
