"""What queues, agents and contacts are: the frozen inputs of the distribution.

Names of queues and skills are the designer's; a proficiency is 1 to 10. Times are UTC seconds since
the epoch, durations are seconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from voicebot.acd.hours import Hours

ContactId = NewType("ContactId", str)
AgentId = NewType("AgentId", str)

NOBODY = AgentId("")


class Channel(StrEnum):
    VOICE = "voice"
    TEXT = "text"


class Routing(StrEnum):
    """Which of several free agents is asked."""

    LONGEST_IDLE = "longest_idle"
    """The least loaded, and of these whoever has been without work longest."""
    SKILL = "skill"
    """The most proficient in what is asked for, and of these the longest idle."""


class Spill(StrEnum):
    """Why a contact does not stay in a queue."""

    CLOSED = "closed"
    NO_AGENT = "no_agent"
    LENGTH = "length"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Overflow:
    """Where contacts go instead of waiting here.

    ``queue`` is the queue that takes them; where it is empty, ``to`` says what the session does
    with them ('voicemail', the name of a flow) and the distribution is done with them. ``after_s``
    counts for WAIT, ``length`` (contacts in line) for LENGTH.
    """

    when: Spill
    queue: str = ""
    to: str = ""
    after_s: float = 0.0
    length: int = 0


@dataclass(frozen=True, slots=True)
class Ring:
    """From ``after_s`` of waiting on, more agents are asked.

    ``relax`` gives the proficiency that is enough from now on, 0 for a skill that no longer counts;
    ``agents_of`` are queues whose agents are asked as well. Rings add up.
    """

    after_s: float
    relax: Mapping[str, int] = field(default_factory=dict)
    agents_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Announcing:
    """When a waiting caller hears the position and the estimate: ``first_s`` after joining the
    line, then every ``every_s``."""

    first_s: float = 15.0
    every_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Callbacks:
    """How callers are called back: at most ``attempts`` times, ``retry_s`` apart."""

    attempts: int = 3
    retry_s: float = 600.0


@dataclass(frozen=True, slots=True)
class QueueRules:
    """One queue.

    ``skills`` are what its agents need. A step of priority is worth ``priority_step_s`` of waiting:
    whoever has waited that much longer comes before it, so that nobody starves. ``wrap_up_s`` is
    the time after a contact, None for 'until the agent says so'. ``handling_s`` is what the wait is
    estimated with until it has been measured. A returning caller waits up to ``last_agent_s`` for
    the agent of at most ``last_agent_within_s`` ago. ``declined_for_s`` is how long a declined
    contact is not offered to the same agent again.
    """

    name: str
    skills: Mapping[str, int] = field(default_factory=dict)
    routing: Routing = Routing.LONGEST_IDLE
    hours: Hours | None = None
    overflow: tuple[Overflow, ...] = ()
    rings: tuple[Ring, ...] = ()
    priority: int = 0
    priority_step_s: float = 60.0
    answer_within_s: float = 20.0
    wrap_up_s: float | None = 0.0
    handling_s: float = 240.0
    last_agent_s: float = 0.0
    last_agent_within_s: float = 86_400.0
    declined_for_s: float = 30.0
    announcing: Announcing | None = field(default_factory=Announcing)
    callbacks: Callbacks = field(default_factory=Callbacks)


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """Who serves which queues, how well, and how much at once.

    ``voice`` calls or ``text`` conversations fill the agent, mixed in proportion: with 1 and 3, two
    conversations leave room for a third, and for no call. 0 takes none of that kind.
    """

    agent_id: AgentId
    queues: tuple[str, ...]
    skills: Mapping[str, int] = field(default_factory=dict)
    voice: int = 1
    text: int = 3

    @property
    def units(self) -> int:
        """The whole of the agent, in units that both kinds of contact divide evenly."""
        return math.lcm(max(1, self.voice), max(1, self.text))

    @property
    def rooms(self) -> tuple[tuple[Channel, int], ...]:
        """How many contacts of each kind fill the agent."""
        return (Channel.VOICE, self.voice), (Channel.TEXT, self.text)

    def cost(self, channel: Channel) -> int | None:
        """The units that one contact takes; None where the agent takes none of this kind."""
        room = dict(self.rooms)[channel]
        return self.units // room if room else None


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who needs a person.

    ``priority`` is in steps, 0 for everybody, more for who comes first. ``skills`` are wanted on
    top of the queue's. ``party`` is the same for every contact of one caller, empty where that is
    not known: it finds the last agent and the callback that is no longer needed; it is never
    logged. ``last_agent`` is whom the caller spoke to, where the session knows it.
    """

    contact_id: ContactId
    queue: str
    channel: Channel = Channel.VOICE
    priority: int = 0
    skills: Mapping[str, int] = field(default_factory=dict)
    party: str = field(default="", repr=False)
    last_agent: AgentId = NOBODY


class Presence(StrEnum):
    """Whether an agent takes contacts."""

    AVAILABLE = "available"
    PAUSED = "paused"
    """By the agent's own wish, with a reason."""
    AWAY = "away"
    """Found not to answer, or not to be there."""
    LEAVING = "leaving"
    """Signed out, with something still to finish."""


class ContactState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    """One agent is being asked, and nobody else can be."""
    DIALLING = "dialling"
    """An agent took the callback, and the caller's telephone rings."""
    CONNECTED = "connected"
    SCHEDULED = "scheduled"
    """A callback whose time has not come."""
