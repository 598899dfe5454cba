"""What an application gives to its conversations in text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from voicebot.events import CallEvent
from voicebot.flows.interpreter import Interpreter
from voicebot.sessions.queue_handoff import Queueing
from voicebot.sessions.quick_replies import QuickReplies
from voicebot.sessions.typed import TypedInput
from voicebot.types import Json


@dataclass(frozen=True, slots=True)
class ChatApplication:
    """What one version of the application gives to its conversations."""

    version: str
    interpreter: Callable[[str], Interpreter]
    typed: TypedInput
    replies: QuickReplies
    act: Callable[[str, Mapping[str, Json]], Awaitable[Json]]
    append: Callable[[CallEvent], None] = lambda event: None
    """Writes down facts of the call that a conversation goes on with."""
    queueing: Queueing | None = None
    """The queues; without them nobody takes a conversation over."""
    world: Callable[[], Mapping[str, Json]] = dict
    """Gives variables that change without the contact (`Conversation`)."""
