"""What a call leaves behind: its record, and the contracts of those who write and read it.

A `Journal` takes the facts of `voicebot.events` down as they come; a `CallArchive` gives running
and finished calls back. The storage room implements both. Who wants to follow a call while it runs
finds `EventFeed` in `voicebot.sessions.feed`.

Left out on purpose: audio (`voicebot.media.recorder` keeps it in files), and what the flow held in
its variables.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

from voicebot.action_result import ActionResult
from voicebot.errors import UsageError
from voicebot.events import CallEvent, DeflectionStage, TurnResult
from voicebot.types import CallId, Direction, Heard, Language, Matter, Outcome, Transport

STOPPED: Final = "voicebot was stopped"
"""Why a call has ended that was cut off when voicebot was stopped in good order."""

_BAD_CURSOR = "this cursor is not one of ours; take it from the page before"

# Records


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One turn, as `voicebot.events.TurnFinished` told it; ``at`` in UTC epoch seconds."""

    index: int
    at: float
    step: str
    prompt: str
    result: TurnResult
    heard: Heard | None
    latency_ms: float | None
    barged_in: bool
    said_at: float | None = None
    heard_from: float | None = None
    heard_until: float | None = None
    channel: str = ""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call with its turns in order. Times are UTC epoch seconds.

    ``outcome`` and ``ended_at`` are None and ``reason`` is empty while the call runs;
    ``answered_at`` stays None for a call that was refused. ``recording`` is the file of its sound,
    relative to the folder of recordings; None where it was not recorded.
    ``answered_at`` stays None for a call that was refused or not reached. ``answered_by`` and
    ``headers`` as in `LegInfo`. ``version`` is that of the application it ran on. ``matter`` and
    ``customer`` as in `voicebot.events.MatterNoted`.
    """

    id: CallId
    transport: Transport
    caller: str
    callee: str
    flow: str
    language: Language
    started_at: float
    answered_at: float | None
    ended_at: float | None
    outcome: Outcome | None
    reason: str
    turns: tuple[TurnRecord, ...]
    recording: str | None = None
    direction: Direction = "inbound"
    answered_by: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    matter: Matter | None = None
    customer: str = ""

    @property
    def spoken(self) -> tuple[TurnRecord, ...]:
        """Its turns without those that were written before or after it."""
        return tuple(turn for turn in self.turns if not turn.channel)


# Writing and reading them


class Journal(Protocol):
    """Takes the facts of all calls down, each call's in order."""

    def append(self, event: CallEvent) -> None:
        """Take one fact. Returns at once and never raises: what cannot be kept is counted."""
        ...


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list of calls, newest first: just after this call."""

    started_at: float
    call_id: CallId

    def encode(self) -> str:
        """As one opaque word that is safe in a URL."""
        raw = struct.pack(">d", self.started_at) + self.call_id.encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    @classmethod
    def decode(cls, word: str) -> Self:
        """Read what `encode` wrote. Raises UsageError for anything else."""
        try:
            raw = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
            (started_at,) = struct.unpack_from(">d", raw)
            call_id = raw[8:].decode()
        except (struct.error, ValueError):
            raise UsageError(_BAD_CURSOR) from None
        if not math.isfinite(started_at) or not call_id.isprintable():
            raise UsageError(_BAD_CURSOR)
        return cls(started_at, CallId(call_id))


@dataclass(frozen=True, slots=True)
class CallQuery:
    """Which calls to list. ``since`` (inclusive) and ``until`` (exclusive) are UTC epoch seconds
    and look at when the call started; ``caller`` and ``outcome`` must be equal; None takes all.

    ``where`` are values of `analytics.history.Split`, by its names; an empty one chooses calls
    without. ``within`` are intervals one of which the call started in; None takes all. ``fact`` is
    one of `analytics.totals.Fact`, as of ``now``; it takes calls that have ended. ``last_step`` is
    the flow and the step of the last turn. ``action`` is an action that ran, and how it ended
    (None: any way). ``text_stage`` is how far the contact came on its way to text, and for which
    intent it was offered (None: any). ``ids`` are those of the calls themselves; None takes all.
    """

    outcome: Outcome | None = None
    caller: str | None = None
    since: float | None = None
    until: float | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    within: tuple[tuple[float, float], ...] | None = None
    fact: str | None = None
    last_step: tuple[str, str] | None = None
    action: tuple[str, ActionResult | None] | None = None
    text_stage: tuple[DeflectionStage, str | None] | None = None
    ids: tuple[CallId, ...] | None = None
    now: float = 0.0


@dataclass(frozen=True, slots=True)
class CallPage:
    """Calls, newest first; ``next`` is where the following page begins, None on the last."""

    calls: tuple[CallRecord, ...]
    next: Cursor | None


class CallArchive(Protocol):
    """Where the records of calls are read."""

    async def list_calls(
        self, query: CallQuery, *, after: Cursor | None = None, limit: int = 50
    ) -> CallPage:
        """Give at most ``limit`` calls, newest first. Raises StorageError."""
        ...

    async def get_call(self, call_id: CallId) -> CallRecord | None:
        """Give one call, or None where there is no such call. Raises StorageError."""
        ...
