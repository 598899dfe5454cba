"""What the caller's own page shows of a call: both sides in words, as they are said.

Pure. No more than the caller knows: no confidences, no steps of the flow, no other call.
"""

from __future__ import annotations

from voicebot.events import TurnResult
from voicebot.sessions.feed import InputHeard, LiveEvent, PartHeard, PromptSpoken, TurnHidden
from voicebot.types import Heard, Json, Mode


def caption_of(event: LiveEvent) -> dict[str, Json] | None:
    """``event`` as a message for the page, None where there is nothing to be shown.

    ``prompt`` is what the bot says, ``partial`` what the caller said so far, ``heard`` what was
    understood in the end (``mode`` is speech or dtmf), ``unheard`` that nothing was: forget the
    partial. ``hidden`` says how both sides of a ``turn`` read from now on, empty where nothing was
    said.
    """
    match event:
        case PromptSpoken():
            return {"type": "prompt", "turn": event.turn, "text": event.prompt}
        case PartHeard():
            return {"type": "partial", "text": event.text}
        case InputHeard(result=TurnResult.MATCH, heard=heard) if heard is not None:
            return _heard(event.turn, heard)
        case InputHeard(heard=heard) if heard is not None and heard.mode is Mode.DTMF:
            return _heard(event.turn, heard)
        case TurnHidden(heard=heard):
            words = "" if heard is None else heard.text
            return {"type": "hidden", "turn": event.turn, "prompt": event.prompt, "heard": words}
        case InputHeard():
            return {"type": "unheard"}
    return None


def _heard(turn: int, heard: Heard) -> dict[str, Json]:
    return {"type": "heard", "turn": turn, "text": heard.text, "mode": heard.mode.value}
