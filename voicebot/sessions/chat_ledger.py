"""Conversations that began in text, as contacts of the ledger: one row each, once they are over.

A conversation that came from a call is that call's contact, and is told by its stages
(`sessions.offers`). One that goes on by a call from its page is that call's contact too; one that
we call back keeps a row of its own (the call is one of ours), with the outcome that the call had.

All facts of a contact are told at its end: a conversation outlives the process, an open call does
not. What is noted of it in the queues later, such as the work after it, is told as it happens.
Left out on purpose: its turns, which stand among the lines of the conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from voicebot.errors import UsageError
from voicebot.events import (
    CallAnswered,
    CallEnded,
    CallEvent,
    CallStarted,
    MatterNoted,
    QueueNoted,
)
from voicebot.flows.state import FlowState
from voicebot.sessions.chat_records import PAGE, ChatRecord
from voicebot.types import CallId, Outcome

BY_TELEPHONE: Final = "went on by telephone"
"""The reason of a conversation that a call of ours goes on with."""
STOPPED: Final = "voicebot stopped during the call"


@dataclass(frozen=True, slots=True)
class ChatLedger:
    """Writes contacts down by ``append`` (`Journal`). ``noted`` gives what became of one in the
    queues, as far as the server still knows it; else the record tells."""

    append: Callable[[CallEvent], None]
    noted: Callable[[CallId], QueueNoted | None] = lambda contact: None

    def ended(self, record: ChatRecord, left_at: float) -> None:
        """A conversation is over, in which somebody did something last at ``left_at``."""
        if record.contact is None and record.outcome is not None:
            self._write(record, left_at, record.outcome, record.reason, with_matter=True)

    def called_back(self, record: ChatRecord, ended_at: float, outcome: Outcome) -> None:
        """The call is over that a conversation went on with; what it was about, the call tells."""
        if record.contact is None:
            self._write(record, ended_at, outcome, BY_TELEPHONE, with_matter=False)

    def found(self, record: ChatRecord) -> None:
        """One that ended when nobody could write it down."""
        ended_at = record.started_at if record.ended_at is None else record.ended_at
        if record.outcome is None and record.reason == BY_TELEPHONE and record.contact is None:
            self._write(record, ended_at, Outcome.FAILED, STOPPED, with_matter=False)
        else:
            self.ended(record, ended_at)

    def _write(
        self, record: ChatRecord, at: float, outcome: Outcome, reason: str, *, with_matter: bool
    ) -> None:
        call_id = CallId(record.id)
        for event in _begun(record, call_id):
            self.append(event)
        noted = self.noted(call_id) or record.noted
        if noted is not None:
            self.append(noted)
        state = _state(record)
        if state is not None and with_matter:
            matter = state.matter(heard_all=True)
            self.append(MatterNoted(call_id, at, matter, state.customer))
        self.append(CallEnded(call_id, at, outcome, reason))


def _begun(record: ChatRecord, call_id: CallId) -> Iterator[CallEvent]:
    on_page = record.channel == PAGE
    yield CallStarted(
        call_id,
        record.started_at,
        "chat" if on_page else "webhook",
        record.sender,
        "" if on_page else record.channel,
        record.flow,
        record.language,
        version=record.version,
    )
    yield CallAnswered(call_id, record.opened_at or record.started_at)


def _state(record: ChatRecord) -> FlowState | None:
    try:
        return FlowState.from_json(record.state)
    except UsageError:
        return None
