"""Conversations in text whose flow wants a person while their caller waits on the telephone, too.

There is one contact, the call's, and one place. The conversation stands by: its page shows that
place. When an agent has talked to the caller by telephone its flow goes on as after any agent; when
the call has gone it takes that place over (`text_places`), or one of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.acd.model import ContactId
from voicebot.sessions.chat_view import InLine
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.queue_handoff import Queueing


@dataclass(frozen=True, slots=True)
class _Call:
    contact_id: ContactId
    queueing: Queueing


class StandingBy:
    """Those of one server."""

    def __init__(self) -> None:
        self._calls: dict[ConversationId, _Call] = {}
        self._conversations: dict[ContactId, ConversationId] = {}

    def begins(
        self, conversation: ConversationId, contact_id: ContactId, queueing: Queueing
    ) -> bool:
        """Whether ``conversation`` stands by from now on: the call ``contact_id`` has a place."""
        self.ends(conversation)
        standing = queueing.service.standing(contact_id)
        if standing is None or standing.callback:
            return False
        self._calls[conversation] = _Call(contact_id, queueing)
        self._conversations[contact_id] = conversation
        return True

    def ends(self, conversation: ConversationId) -> None:
        """It has a place of its own, or wants none any more; unknown ones are none."""
        call = self._calls.pop(conversation, None)
        if call is not None:
            del self._conversations[call.contact_id]

    def released(self, contact_id: ContactId) -> ConversationId | None:
        """An agent is done with this call: whose conversation goes on now, and stands by no more.
        None where nobody's does, or the caller waits for somebody else."""
        conversation = self._conversations.get(contact_id)
        if conversation is None:
            return None
        if self._calls[conversation].queueing.service.standing(contact_id) is not None:
            return None
        self.ends(conversation)
        return conversation

    def in_line(self, conversation: ConversationId) -> InLine | None:
        """The place of its call; None for one that does not stand by."""
        call = self._calls.get(conversation)
        return None if call is None else in_line(call.contact_id, call.queueing)


def in_line(contact_id: ContactId, queueing: Queueing) -> InLine:
    """Where a contact stands, for pages."""
    service = queueing.service
    position, wait_s = service.outlook(contact_id)
    standing = service.standing(contact_id)
    queue = "" if standing is None else standing.queue
    return InLine(position, None if wait_s is None else round(wait_s), queue)
