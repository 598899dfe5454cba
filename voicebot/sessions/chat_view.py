"""What pages show of a conversation in text."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.sessions.chat_records import ChatLine
from voicebot.sessions.known_facts import Fact
from voicebot.types import Language


@dataclass(frozen=True, slots=True)
class InLine:
    """Where a conversation stands in the line of ``queue``: ``position`` (1 is next) is None while
    an agent is asked, ``wait_s`` where nobody knows."""

    position: int | None
    wait_s: int | None
    queue: str


@dataclass(frozen=True, slots=True)
class ChatView:
    """What a page shows: ``lines`` after the cursor it knew, the place it is now at, and what may
    be done next. ``typing``: the bot is at it. ``language`` is what is spoken now;
    ``call`` how it stands with a call that goes on with the conversation (`ChatSession.call`)."""

    lines: tuple[ChatLine, ...]
    cursor: int
    facts: tuple[Fact, ...]
    replies: tuple[str, ...]
    typing: bool
    over: bool
    language: Language
    call: str = ""
    secret: bool = False
    """Whether what is asked for is a secret, which a page does not show as it is typed."""
    waiting: InLine | None = None
    agent: str = ""
    """The name of the agent who has the conversation, empty for none."""
    agent_typing: bool = False
    reworded: tuple[ChatLine, ...] = ()
    """Lines that the page knows and that read otherwise by now: they held a piece of a secret."""
