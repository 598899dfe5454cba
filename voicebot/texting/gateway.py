"""The contract of what brings a message to its recipient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from voicebot.texting.message import TextMessage


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway has it; ``reference`` is its own id of it, empty where it gave none."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class Unreached:
    """It has certainly not gone out, and may the next time. ``retry_after_s`` is the gateway's
    wish, None where it has none."""

    problem: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nobody can tell whether it went out: no answer came, or none that says."""

    problem: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not go out, however often it is tried. ``opted_out``: the recipient wants none."""

    problem: str
    opted_out: bool = False


Attempt: TypeAlias = Accepted | Unreached | Undecided | Refused


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
