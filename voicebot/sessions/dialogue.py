"""What a call asks of its flow: the dialogue behind it, and the facts that it begins with.

`Conversation` is the dialogue of the server; tests and rehearsals may have their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from voicebot.flows.commands import Command, Transfer
from voicebot.flows.events import FlowEvent
from voicebot.flows.state import FlowState, Frames, Waiting
from voicebot.telephony._api import LegInfo
from voicebot.types import Json, Language, Matter, Outcome


@dataclass(frozen=True, slots=True)
class InQueue:
    """A contact that keeps a place: ``frames`` of the transfer that waits, empty where none does,
    and whether the caller was sent a link to go on in text."""

    frames: Frames
    has_link: bool


class Dialogue(Protocol):
    """One conversation of a flow: events in, commands out. No I/O."""

    def receive(self, event: FlowEvent) -> list[Command]: ...

    def moving(self) -> FlowState:
        """The state with which the contact goes on in text, while its link is being sent."""
        ...

    def kept_transfer(self) -> Transfer | None:
        """The transfer whose queue keeps a place for the contact, which does something else."""
        ...

    @property
    def step(self) -> str:
        """The step that is waiting for an event."""
        ...

    @property
    def in_queue(self) -> InQueue:
        """Where it waits, if it keeps a place in a queue."""
        ...

    @property
    def outcome_if_hung_up(self) -> Outcome:
        """How the contact counts if the caller leaves now, having heard all that was said."""
        ...

    @property
    def outcome_if_cut_off(self) -> Outcome:
        """The same for a caller who did not hear the last `Say` with ``serves`` to its end."""
        ...

    def matter(self, *, heard_all: bool) -> Matter | None:
        """What the contact is about if it ends now; ``heard_all`` tells the two cases apart."""
        ...

    @property
    def customer(self) -> str:
        """The application's own word for who calls; empty where nobody knows."""
        ...

    @property
    def told(self) -> Mapping[str, Json]:
        """The variables without their secrets: what others may know."""
        ...


class Standing:
    """Where one contact stands in its flow, read from its ``state``: that half of a `Dialogue`."""

    state: FlowState

    @property
    def step(self) -> str:
        return self.state.step

    @property
    def in_queue(self) -> InQueue:
        state = self.state
        waits = state.waiting is Waiting.TRANSFER
        return InQueue(state.frames if waits else state.queued, state.offers.moved)

    @property
    def outcome_if_hung_up(self) -> Outcome:
        return self.state.outcome_if_hung_up

    def matter(self, *, heard_all: bool) -> Matter | None:
        return self.state.matter(heard_all=heard_all)

    @property
    def customer(self) -> str:
        return self.state.customer

    @property
    def told(self) -> Mapping[str, Json]:
        return self.state.told

    @property
    def outcome_if_cut_off(self) -> Outcome:
        return self.state.outcome_if_cut_off


def facts_of(info: LegInfo, language: Language) -> dict[str, Json]:
    """What a flow knows of a call from the beginning."""
    headers: dict[str, Json] = {
        name.replace("-", "_"): value for name, value in info.headers.items()
    }
    return {
        "caller": info.caller,
        "callee": info.callee,
        "channel": "voice",
        "language": language,
        "direction": info.direction,
        "answered_by": info.answered_by or None,
        "headers": headers,
    }
