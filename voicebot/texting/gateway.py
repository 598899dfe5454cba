"""The contract of what brings a message to its recipient."""

from __future__ import annotations

from typing import Protocol

from voicebot.sending.attempt import Accepted, Attempt
from voicebot.texting.message import TextMessage


class Gateway(Protocol):
    """One way to recipients."""

    @property
    def repeatable(self) -> bool:
        """Whether the same message given twice goes out once."""
        ...

    @property
    def keeps_body(self) -> bool:
        """Whether the text of a message is still wanted when it was sent."""
        ...

    async def send(self, message: TextMessage) -> Attempt:
        """Give one message. Never raises; returns within a bounded time."""
        ...

    async def aclose(self) -> None:
        """Close what is held open."""
        ...


class OutboxGateway:
    """Sends nothing: the message is in the outbox, for the operator to see."""

    repeatable = True
    keeps_body = True

    async def send(self, message: TextMessage) -> Attempt:
        return Accepted()

    async def aclose(self) -> None:
        """Nothing is open."""
