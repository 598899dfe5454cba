"""How a contact is asked to go on in text: the contract between who offers and who holds the text.

The offering side (a voice session, a queue, a page) gives what it knows of the contact and gets a
conversation with a link to it; how the link reaches the caller (SMS, a button) is its own affair.
The conversation exists from then on, with the earlier turns of the contact as its first lines, and
waits for its link to be opened. Who must know that tells itself to `TextWatcher`.

Left out on purpose: sending anything, and what the offer sounds like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, Protocol

from voicebot.events import TurnFinished
from voicebot.flows.state import FlowState
from voicebot.sessions.cards import ShownCard
from voicebot.types import CallId, Language, Outcome

ConversationId = NewType("ConversationId", str)
"""Our own id of a conversation in text: unique over restarts, and no secret."""


@dataclass(frozen=True, slots=True)
class MovingContact:
    """A contact that goes on in text.

    ``state`` says where: one that waits for an answer is asked its question again, one that has not
    begun (`Interpreter.begin`) begins, and any other goes on from the step on top of its frames.
    ``facts`` join the variables (such as ``caller``), winning over them. ``version`` is that of the
    application which made the state; ``turns`` are what was said so far, on ``channel``.
    """

    contact: CallId
    flow: str
    language: Language
    version: str
    state: FlowState
    facts: dict[str, str]
    turns: Sequence[TurnFinished] = ()
    channel: str = "voice"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A conversation that waits to be opened. ``url`` holds its secret: never in a log or a record,
    and only once in the hand of whoever is invited. ``expires_at`` is UTC epoch seconds."""

    conversation: ConversationId
    url: str
    expires_at: float


class TextInvitations(Protocol):
    """Makes conversations ready for contacts that are invited to them."""

    async def prepare(self, contact: MovingContact) -> Invitation:
        """Keep the conversation, durably, and give its link. Asking again for a contact that was
        invited before gives a new link to the same conversation; the old one is void.

        Raises TextUnavailable where none can be had (switched off, full, records away).
        """
        ...

    async def withdraw(self, conversation: ConversationId) -> None:
        """Make the link void, if it was not opened: the contact was served otherwise."""
        ...


class TextStage(StrEnum):
    """What became of an invitation."""

    OPENED = "opened"
    """The link was opened in a browser."""
    ENDED = "ended"
    """The flow came to its end, or nobody wrote for too long; the outcome tells which."""
    CAME_BACK = "came back"
    """The contact asked to be called, or called from the page."""
    EXPIRED = "expired"
    """Nobody opened the link while it was good."""


@dataclass(frozen=True, slots=True)
class TextReached:
    """A conversation reached ``stage`` at ``at``, UTC epoch seconds. ``contact`` is the call it
    came from, empty for one that began in text; ``outcome`` stands only where it ended."""

    conversation: ConversationId
    contact: CallId
    stage: TextStage
    at: float
    outcome: Outcome | None = None


class TextWatcher(Protocol):
    """Is told of the stages of conversations, each stage once per conversation."""

    def reached(self, event: TextReached) -> None:
        """Take one fact. Returns at once and never raises."""
        ...


# Other text channels (messengers, SMS) that carry a conversation without a page


@dataclass(frozen=True, slots=True)
class TextFrom:
    """A message from outside. ``sender`` names the person on ``channel``; ``message_id`` is the
    channel's own id of it: the same id again is the same message."""

    channel: str
    sender: str
    message_id: str
    text: str


@dataclass(frozen=True, slots=True)
class TextTo:
    """A line for ``sender`` on ``channel``. ``cursor`` is its place in the conversation, so that
    ``(conversation, cursor)`` makes sending it idempotent. ``replies`` are short answers that the
    channel may show as buttons; ``card`` holds the same as ``text``, for who can show cards.
    ``who`` says it, 'bot' or 'agent', an agent by ``name``."""

    channel: str
    sender: str
    conversation: ConversationId
    cursor: int
    text: str
    replies: tuple[str, ...] = ()
    card: ShownCard | None = None
    who: str = "bot"
    name: str = ""


class TextDesk(Protocol):
    """Where other channels hand in what was written to them."""

    async def take(self, message: TextFrom) -> Sequence[TextTo]:
        """Add ``message`` to the sender's conversation (a new one where none is open) and give the
        lines that answer it. A repeated message gives the same lines again and changes nothing.

        Raises TextRefused for what cannot be taken (too long, too many), TextUnavailable.
        """
        ...
