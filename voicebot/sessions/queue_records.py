"""What outlives the server of queues: callbacks that were promised, and what agents last did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from voicebot.acd.effects import AgentChanged
from voicebot.types import Json

SIGNED_OUT: Final = "signed_out"
"""What is said of an agent who has gone; other states are the distribution's own."""


def state_of(effect: AgentChanged) -> str:
    """The state that an agent took up."""
    return SIGNED_OUT if effect.presence is None else effect.presence.value


@dataclass(frozen=True, slots=True)
class Booking:
    """A callback: to which ``number``, since when the caller waits, and when they are to be called
    (UTC epoch seconds; None: when the turn comes). ``details`` is plain data of the rest."""

    contact_id: str
    queue: str
    number: str = field(repr=False)
    arrived_at: float
    due_at: float | None
    details: Mapping[str, Json] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class AgentChange:
    """An agent took up another state, 'signed_out' where they left."""

    agent: str
    at: float
    state: str
    reason: str


class QueueRecords(Protocol):
    """Takes what happens; returns at once, and never raises."""

    def booked(self, booking: Booking) -> None: ...

    def settled(self, contact_id: str) -> None:
        """A callback was made, or is not wanted any more; unknown ones are none."""
        ...

    def agent_changed(self, change: AgentChange) -> None: ...


class NoRecords:
    """`QueueRecords` that keep nothing."""

    def booked(self, booking: Booking) -> None:
        pass

    def settled(self, contact_id: str) -> None:
        pass

    def agent_changed(self, change: AgentChange) -> None:
        pass
