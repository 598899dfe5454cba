"""What a desk has before it: contacts that ring, and contacts that are talked with or written up.

Plain state, and how a page sees it. Times are UTC epoch seconds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from voicebot.acd.model import Channel, ContactId
from voicebot.desk.agent_leg import AgentLeg
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.chat_records import ChatLine, Who
from voicebot.sessions.talk import Talk
from voicebot.sessions.text_talk import TextTalk
from voicebot.types import Json

KEPT_LINES: Final = 400
"""Lines of a conversation that a desk keeps, the newest."""
MOST_FACTS: Final = 40
LONGEST_FACT: Final = 200
_SHOWN_ELSEWHERE: Final = frozenset(
    {
        "caller", "callee", "channel", "language", "direction", "answered_by", "headers", "queues",
        "history", "text", "mood", "contacts", "intent", "matter", "customer", "frustration",
        "answer", "options", "waiting", "transfer", "problem", "link",
    }
)  # fmt: skip
"""Variables that the desk shows in a place of their own, or that say nothing to a person."""


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """Something that was said: by ``who``, 'caller' or 'agent'."""

    who: str
    text: str = field(repr=False)
    at: float


@dataclass(slots=True, eq=False)
class Ringing:
    """A contact that rings at a desk. ``leg`` is set with the agent's leg, None for a contact that
    writes, or with DialFailed.

    ``by_phone``: the agent's telephone rings too, and answering is done there. ``asked_by`` is the
    colleague who asks for advice. ``taken_by`` is the screen that answers at this moment, ``warm``
    are the screens whose lines are up already, or will be (`desk.warm_lines`). ``written`` are the
    newest lines of a contact that writes, as it began to ring.
    """

    contact_id: ContactId
    queue: str
    briefing: Briefing
    party: str
    arrived_at: float
    until: float
    callback: bool
    by_phone: bool
    asked_by: str
    leg: asyncio.Future[AgentLeg | None]
    taken_by: object | None = None
    channel: Channel = Channel.VOICE
    warm: dict[object, asyncio.Future[None]] = field(default_factory=dict)
    written: Sequence[ChatLine] = ()

    def view(self) -> dict[str, Any]:
        return {
            "contact": self.contact_id,
            "channel": self.channel.value,
            "queue": self.queue,
            **who_and_why(self.briefing),
            "arrived_at": self.arrived_at,
            "until": self.until,
            "callback": self.callback,
            "by_phone": self.by_phone,
            "asked_by": self.asked_by,
            "taken": self.taken_by is not None,
        }


@dataclass(slots=True, eq=False)
class AtDesk:
    """A contact that an agent talks with, or has talked with.

    ``talk`` is None until the two are joined. ``advises``: the contact is still a colleague's, who
    asks for advice. ``wrap_until`` is the end of the work after it; None while there is none, or
    while it lasts until the agent is done (``wrapping``).

    Of a contact that writes, ``text`` is the conversation, ``written`` its newest lines, and
    ``seen`` the last one that the agent knows.
    """

    contact_id: ContactId
    queue: str
    briefing: Briefing
    party: str
    began_at: float
    talk: Talk | None = None
    advises: bool = False
    over_at: float | None = None
    wrapping: bool = False
    wrap_until: float | None = None
    code: str = ""
    note: str = field(default="", repr=False)
    lines: deque[SpokenLine] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    channel: Channel = Channel.VOICE
    text: TextTalk | None = None
    written: deque[ChatLine] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    seen: int = 0

    @property
    def writing(self) -> TextTalk | None:
        """The conversation in text, while it goes on."""
        text = self.text
        return None if text is None or text.over or self.over_at is not None else text

    @property
    def cursor(self) -> int:
        """Of the last line that is here."""
        return self.written[-1].cursor if self.written else 0

    @property
    def unread(self) -> int:
        """What the caller wrote since the agent answered, or looked."""
        return sum(line.who is Who.CALLER and line.cursor > self.seen for line in self.written)

    def view(self) -> dict[str, Any]:
        talk = self.talk if self.over_at is None else None
        consulted = None if talk is None else talk.consulted
        return {
            "contact": self.contact_id,
            "channel": self.channel.value,
            "unread": self.unread,
            "there": self.writing is None or self.writing.there,
            "writing": self.writing is not None and bool(self.writing.caller_writes),
            "queue": self.queue,
            **who_and_why(self.briefing),
            "began_at": self.began_at,
            "over_at": self.over_at,
            "joined": talk is not None or self.writing is not None,
            "advises": self.advises,
            "held": talk is not None and talk.held,
            "consulted": consulted
            and {
                "name": consulted.name,
                "state": consulted.state.value,
                "problem": consulted.problem,
                "joined": consulted.joined,
            },
            "wrapping": self.wrapping,
            "wrap_until": self.wrap_until,
            "code": self.code,
            "note": self.note,
        }


def who_and_why(briefing: Briefing) -> dict[str, Any]:
    """Who calls and what about, as far as the bot found out."""
    facts = briefing.facts
    matter, intent = facts.get("matter"), facts.get("intent")
    return {
        "caller": briefing.caller,
        "name": _name(facts.get("customer")),
        "language": str(briefing.language),
        "intent": intent if isinstance(intent, str) else "",
        "matter_open": isinstance(matter, dict) and matter.get("open") is True,
        "mood": str(facts.get("mood") or "calm"),
        "contacts": facts.get("contacts"),
        "facts": facts_of(briefing),
    }


def facts_of(briefing: Briefing) -> list[list[str]]:
    """What the bot found out, as names and plain values; what the flow tells the agent in its own
    words stands first."""
    found = dict(briefing.context)
    for name, value in briefing.facts.items():
        if name not in _SHOWN_ELSEWHERE:
            found.update(_plain(name, value))
    for hidden in ("call", "url"):
        found.pop(hidden, None)
    return [[name, value[:LONGEST_FACT]] for name, value in found.items() if value][:MOST_FACTS]


def _plain(name: str, value: Json) -> Mapping[str, str]:
    if isinstance(value, dict):
        return {
            f"{name}.{inner}": _text(each)
            for inner, each in value.items()
            if not isinstance(each, dict | list)
        }
    return {} if isinstance(value, list) else {name: _text(value)}


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _name(customer: Json) -> str:
    """The caller's name, where the flow's look-up of who calls gave one."""
    if isinstance(customer, dict):
        customer = customer.get("name")
    return customer[:LONGEST_FACT] if isinstance(customer, str) else ""
