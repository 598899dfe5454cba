"""Frozen facts about calls, and conversations that began in text: what storage and analytics read,
never the live objects.

Times (``at``) are UTC seconds since the epoch. Every call gives one `CallStarted` first and one
`CallEnded` last; between them a `CallAnswered` unless it was refused, a `CallRecorded` where it is
recorded, a `TurnFinished` for each turn, numbered from 1 (and a `TurnMasked` for one that turned
out to hold a piece of a card number), a `MatterNoted` whenever it changes what the call is about, a
`QueueNoted` whenever it changes what became of it in the queues, and a `DeflectionReached` for each
stage on the way to text. The last two may come after the end: when the agent is done with the work
after the call, and when the text is. So do turns of a contact that were written: they have numbers
of their own (`sessions.chat_turns`), and come when the text is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from voicebot.action_result import ActionResult
from voicebot.types import CallId, Direction, Heard, Language, Matter, Outcome, Transport


class TurnResult(StrEnum):
    """What came of a turn."""

    MATCH = "match"
    NOMATCH = "nomatch"
    NOINPUT = "noinput"
    HANGUP = "hangup"
    SAID = "said"
    """The bot spoke and did not listen."""


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call reached the door, or we began to make one. ``headers`` as in `LegInfo`.

    ``version`` is that of the application that answers (`live.fingerprint`).
    """

    call_id: CallId
    at: float
    transport: Transport
    caller: str
    callee: str
    flow: str
    language: Language
    direction: Direction = "inbound"
    headers: Mapping[str, str] = field(default_factory=dict)
    version: str = ""


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """``answered_by`` is for calls of ours: 'person', 'machine' or 'unknown', empty for others."""

    call_id: CallId
    at: float
    answered_by: str = ""


@dataclass(frozen=True, slots=True)
class CallRecorded:
    """The call is being recorded, in the file ``recording`` of the folder of recordings."""

    call_id: CallId
    at: float
    recording: str


@dataclass(frozen=True, slots=True)
class TurnFinished:
    """The bot said ``prompt`` (as words) and heard ``heard``, or nothing of use.

    ``latency_ms`` runs from the last speech sample of the caller before this prompt to the first
    non-silent packet of this prompt; None where nobody had spoken before it. ``said_at`` is when
    that packet left, ``heard_from`` and ``heard_until`` are the first and last speech of the
    caller; None where there was none, or where nobody can tell. ``channel`` is where it was
    written; empty for what was said in the call itself.
    """

    call_id: CallId
    at: float
    index: int
    step: str
    prompt: str
    result: TurnResult
    heard: Heard | None
    latency_ms: float | None
    barged_in: bool = False
    said_at: float | None = None
    heard_from: float | None = None
    heard_until: float | None = None
    channel: str = ""


@dataclass(frozen=True, slots=True)
class TurnMasked:
    """Turn ``index`` of the call, told before, holds a piece of a number that nobody shall read:
    this is how it reads from now on."""

    call_id: CallId
    at: float
    index: int
    prompt: str
    heard: Heard | None


class DeflectionStage(StrEnum):
    """How far a contact has come on its way to text (`analytics.deflection` defines the rates)."""

    OFFERED = "offered"
    DECLINED = "declined"
    ACCEPTED = "accepted"
    """The caller said yes, and the link is on its way."""
    FAILED = "failed"
    """The caller said yes, and no link could be sent."""
    OPENED = "opened"
    SERVED = "served"
    """The flow served the contact in text."""
    HANDED_ON = "handed on"
    """A person took over what was begun in text."""
    CAME_BACK = "came back"
    """The contact went back to voice."""
    GAVE_UP = "gave up"
    """The link was never opened, or the conversation left unfinished."""


@dataclass(frozen=True, slots=True)
class DeflectionReached:
    """A contact reached a stage; the same stage twice counts once. ``intent`` is what the offer was
    about, empty where only the conversation in text is known. May come after `CallEnded`."""

    call_id: CallId
    at: float
    stage: DeflectionStage
    intent: str = ""


@dataclass(frozen=True, slots=True)
class MatterNoted:
    """What the call is about, as far as is known by now; the last one counts.

    ``customer`` is the application's own word for who calls, empty where nobody knows.
    """

    call_id: CallId
    at: float
    matter: Matter | None
    customer: str = ""


@dataclass(frozen=True, slots=True)
class QueueNoted:
    """What became of the call in the queues, as far as is known by now; the last one counts.

    ``queue`` is the one it waits or waited in last, ``waited_s`` its wait in all queues together;
    None leaves what was noted before. ``agent`` took it, empty where nobody has; ``handled_s`` is
    their time with the caller, hold included, and ``wrapped_s`` their work after it.
    ``called_back``: the caller had the first agent by being called back, and not by waiting.
    """

    call_id: CallId
    at: float
    queue: str
    waited_s: float | None
    agent: str = ""
    handled_s: float = 0.0
    wrapped_s: float = 0.0
    called_back: bool = False


@dataclass(frozen=True, slots=True)
class QuestionUnanswered:
    """The caller asked what the knowledge does not answer.

    ``text`` are the caller's words. ``nearest`` is the article that came nearest, empty where there
    is none, and ``confidence`` how likely it is to answer, 0..1.
    """

    call_id: CallId
    at: float
    language: Language
    text: str
    nearest: str
    confidence: float


@dataclass(frozen=True, slots=True)
class ActionRan:
    """An action of the flow ran at ``step``, or was not tried. ``at`` is when it was over, ``ms``
    how long the contact waited for it. In a conversation that began in text it comes before the
    facts of the contact, whose id is the conversation's."""

    call_id: CallId
    at: float
    step: str
    action: str
    result: ActionResult
    ms: float


@dataclass(frozen=True, slots=True)
class QuestionMasked:
    """The same of the `QuestionUnanswered` that was told as of ``at``."""

    call_id: CallId
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    """``reason`` is a short word for people: 'caller hung up', 'no common codec', ..."""

    call_id: CallId
    at: float
    outcome: Outcome
    reason: str


CallEvent: TypeAlias = (
    CallStarted
    | CallAnswered
    | CallRecorded
    | MatterNoted
    | QueueNoted
    | TurnFinished
    | TurnMasked
    | QuestionUnanswered
    | ActionRan
    | QuestionMasked
    | DeflectionReached
    | CallEnded
)
