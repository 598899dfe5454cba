"""What must be remembered of messages: declared here, kept by the storage room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from voicebot.texting.message import MessageState, TextMessage


class MessageStore(Protocol):
    """Keeps messages durably. Every method raises StorageError."""

    async def add(self, message: TextMessage) -> bool:
        """Keep a new message; false where its id is there already, and nothing is changed."""
        ...

    async def put(self, message: TextMessage, before: MessageState) -> bool:
        """Keep what changed; false where the message is not in the state ``before`` any more."""
        ...

    async def get(self, message_id: str) -> TextMessage | None: ...

    async def due(self, now: float, limit: int) -> Sequence[TextMessage]:
        """Queued messages whose time has come, oldest first; of one recipient only the oldest that
        is queued or being sent, so that their order stays."""
        ...

    async def next_due_at(self) -> float | None:
        """When the next queued message is due, None where none is queued."""
        ...

    async def in_state(self, state: MessageState) -> Sequence[TextMessage]:
        """All messages in this state, at most a thousand, oldest first."""
        ...

    async def waiting(self) -> int:
        """How many are queued."""
        ...

    async def count_to(self, channel: str, recipient: str, since: float) -> int:
        """How many messages to this recipient were given in since then."""
        ...

    async def latest(self, limit: int) -> Sequence[TextMessage]:
        """The newest messages, newest first."""
        ...

    async def forget_bodies(self, now: float) -> int:
        """Blank the texts of messages that are of no use any more; give how many."""
        ...

    async def opt_out(self, number: str, at: float) -> None: ...

    async def opt_in(self, number: str) -> None: ...

    async def opted_out(self) -> frozenset[str]:
        """All numbers that want no messages."""
        ...
