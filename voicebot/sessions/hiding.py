"""What may be known of a secret that was said or keyed."""

from __future__ import annotations

from voicebot.flows.events import FREE
from voicebot.types import HIDDEN, Heard


def hidden(heard: Heard) -> Heard:
    """What may be known of a secret: that something was said or keyed, and how surely. A grammar of
    words taken as they are is not named: nobody waits for what the knowledge says to a secret."""
    grammar = "" if heard.grammar == FREE else heard.grammar
    meaning = None if heard.semantics is None else HIDDEN
    return Heard(HIDDEN, meaning, heard.confidence, heard.mode, grammar)
