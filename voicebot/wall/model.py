"""What the wall shows: frozen, and ready for JSON.

Times are UTC epoch seconds, not ages: a picture in which nothing happens stays the same, and the
page lets its own clocks run. No caller's number, words or name is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from voicebot.alerts.model import AlertView


class Stage(StrEnum):
    """Where a contact is now."""

    GREETING = "greeting"
    """The bot speaks, and the caller has not been heard yet."""
    FLOW = "flow"
    QUEUED = "queued"
    """Waits for a person, or one rings."""
    WITH_AGENT = "with_agent"
    """Talks with a person: an agent, a supervisor, or somebody whom the flow has called."""
    TEXT = "text"
    """Conversations in text that go on."""


class Activity(StrEnum):
    """What an agent does now."""

    AVAILABLE = "available"
    RINGING = "ringing"
    TALKING = "talking"
    WRAPPING = "wrapping"
    """Work after a contact."""
    PAUSED = "paused"
    AWAY = "away"
    """Found not to answer."""
    LEAVING = "leaving"
    SIGNED_OUT = "signed_out"


@dataclass(frozen=True, slots=True)
class QueueOnWall:
    """One queue. ``first_since`` is when the first in line came, ``next_wait_s`` what a caller who
    came now would be told (null: nobody knows). Since the start of the server: ``told_s`` and
    ``waited_s`` are the mean of what those answered were told, and what they waited."""

    name: str
    open: bool
    waiting: int
    first_since: float | None
    next_wait_s: int | None
    told_s: int | None
    waited_s: int | None
    service_level: float | None
    agents: int
    free: int
    answered: int
    abandoned: int


@dataclass(frozen=True, slots=True)
class AgentOnWall:
    """One agent; ``since`` is null where the server has not seen the beginning. ``call`` is the one
    that they talk on, empty for none."""

    name: str
    activity: Activity
    since: float | None
    reason: str
    queues: tuple[str, ...]
    call: str = ""


@dataclass(frozen=True, slots=True)
class RateOnWall:
    """A rate of today, 0 to 1, over ``of`` contacts; ``last_week`` is the same weekday's up to the
    same time. Null over nothing; ``target`` null where the settings have none."""

    value: float | None
    of: int
    last_week: float | None
    target: float | None


@dataclass(frozen=True, slots=True)
class DayOnWall:
    """Contacts that began today and have ended, by the definitions of the measures."""

    since: float
    read_at: float
    contacts: int
    contacts_last_week: int
    containment: RateOnWall
    deflection: RateOnWall


@dataclass(frozen=True, slots=True)
class Wall:
    """The line as it stood at ``at``. ``day`` is null until it was read. ``lines`` are those in
    use, of ``most_lines``. ``service_level_target`` is what the queues are held to."""

    at: float
    stages: Mapping[Stage, int]
    lines: int
    most_lines: int
    queues: tuple[QueueOnWall, ...]
    agents: tuple[AgentOnWall, ...]
    day: DayOnWall | None
    service_level_target: float | None
    alerts: tuple[AlertView, ...]
