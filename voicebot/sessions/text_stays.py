"""The conversations in text of one server that have a place in a queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from voicebot.acd.model import ContactId
from voicebot.flows.commands import Transfer
from voicebot.sessions.chat_view import InLine
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.place import Place
from voicebot.sessions.queue_handoff import Queueing
from voicebot.sessions.text_talk import TextTalk

LEFT_LINE: Final = "left the line"
THROUGH: Final = "the queue is done with it"


@dataclass(slots=True, eq=False)
class Stay:
    """One conversation's place. ``queueing`` is that of the version in which it came; ``shown`` is
    what its pages show of it."""

    conversation: ConversationId
    place: Place
    queueing: Queueing
    wanted: str = ""
    """The queue that the flow wanted; rules may have sent the contact to another."""
    not_called: Transfer | None = None
    """The transfer that asked for a call in vain: it waits, and is not asked about again."""
    talk: TextTalk | None = None
    task: asyncio.Task[None] | None = None
    shown: InLine | None = None

    @property
    def contact_id(self) -> ContactId:
        return self.place.contact_id

    @property
    def queue(self) -> str:
        """Where it stands now."""
        standing = self.queueing.service.standing(self.contact_id)
        return "" if standing is None else standing.queue


class Stays:
    """All of them, one a conversation."""

    def __init__(self) -> None:
        self._stays: dict[ConversationId, Stay] = {}

    def __len__(self) -> int:
        return len(self._stays)

    def __iter__(self) -> Iterator[Stay]:
        """As they are now: some may be removed meanwhile."""
        return iter(list(self._stays.values()))

    def of(self, conversation: ConversationId) -> Stay | None:
        return self._stays.get(conversation)

    def has(self, stay: Stay) -> bool:
        """Whether the conversation still has this place."""
        return self._stays.get(stay.conversation) is stay

    def add(self, stay: Stay) -> None:
        self._stays[stay.conversation] = stay

    def remove(self, stay: Stay, reason: str) -> None:
        """Give the place up, and end the conversation with the agent."""
        if self.has(stay):
            del self._stays[stay.conversation]
        stay.queueing.service.left(stay.place, reason)
        if stay.talk is not None and not stay.talk.over:
            stay.talk.end()
        if stay.task is not None and stay.task is not asyncio.current_task():
            stay.task.cancel()
