"""What a message means to the question that a conversation waits at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.errors import TextRefused
from voicebot.flows.commands import Listen
from voicebot.flows.events import FlowEvent, InputMatched
from voicebot.flows.form_questions import FORM_GRAMMAR
from voicebot.sessions.known_facts import Fact, editable_slots
from voicebot.sessions.typed import TypedInput
from voicebot.types import Heard, Json, Mode


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody writes: ``text`` as an answer, or as the new value of a ``fact``."""

    client_id: str
    text: str
    channel: str = "web"
    fact: str = ""


async def understood(
    message: Message, words: str, listen: Listen, typed: TypedInput, facts: Sequence[Fact]
) -> FlowEvent:
    """What the ``words`` of a message answer to ``listen``, on a thread of their own. Raises
    TextRefused 'fact' for another value that cannot be taken; ``facts`` are those shown."""
    if not message.fact:
        return await asyncio.to_thread(typed.event, words, listen)
    slot = next((slot for slot in editable_slots(listen) if slot.name == message.fact), None)
    if slot is None:
        raise TextRefused("fact", "this cannot be changed now")
    heard = await asyncio.to_thread(typed.slot, words, slot)
    if heard is None:
        raise TextRefused("fact", f"this is not understood as {label_of(slot.name, facts)}")
    meaning: Json = {
        "filled": {slot.name: heard.semantics}, "denied": {}, "corrected": False
    }  # fmt: skip
    return InputMatched(Heard(heard.text, meaning, 1.0, Mode.TEXT, FORM_GRAMMAR))


def label_of(name: str, facts: Sequence[Fact]) -> str:
    """What people call a fact; its name where it is not among ``facts``."""
    return next((known.label for known in facts if known.name == name), name)
