"""Words that no grammar holds, at a question that takes them as they are (``free: true``)."""

from __future__ import annotations

from voicebot.flows.commands import Listen
from voicebot.flows.events import FREE, FlowEvent, InputMatched, NoMatch
from voicebot.types import Heard, Mode

SPEECH_CONFIDENCE = 0.5
"""Confidence in words that were decoded without a grammar: nothing tells how right they are."""

MOST_CHARACTERS = 2_000
"""What is kept of them."""


def taken_freely(listen: Listen, event: FlowEvent, mode: Mode) -> FlowEvent:
    """Make an answer of what was not understood, where ``listen`` takes free words.

    To be asked last, after grammars and everything else that could know a meaning.
    """
    if not listen.free or not isinstance(event, NoMatch) or not event.text.strip():
        return event
    text = event.text.strip()[:MOST_CHARACTERS]
    confidence = SPEECH_CONFIDENCE if mode is Mode.SPEECH else 1.0
    return InputMatched(Heard(text, {"text": text}, confidence, mode, FREE))
