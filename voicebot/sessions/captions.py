"""What the caller's own page shows of a call: both sides in words, as they are said.

Pure. No more than the caller knows: no confidences, no steps of the flow, no other call.
"""

from __future__ import annotations

from voicebot.events import TurnResult
from voicebot.sessions.feed import InputHeard, LiveEvent, PartHeard, PromptSpoken
from voicebot.types import Json, Mode


def caption_of(event: LiveEvent) -> dict[str, Json] | None:
    """``event`` as a message for the page, None where there is nothing to be shown.

    ``prompt`` is what the bot says, ``partial`` what the caller said so far, ``heard`` what was
    understood in the end (``mode`` is speech or dtmf), ``unheard`` that nothing was: forget the
    partial.
    """
    match event:
        case PromptSpoken():
            return {"type": "prompt", "text": event.prompt}
        case PartHeard():
            return {"type": "partial", "text": event.text}
        case InputHeard(result=TurnResult.MATCH, heard=heard) if heard is not None:
            return {"type": "heard", "text": heard.text, "mode": heard.mode.value}
        case InputHeard(heard=heard) if heard is not None and heard.mode is Mode.DTMF:
            return {"type": "heard", "text": heard.text, "mode": heard.mode.value}
        case InputHeard():
            return {"type": "unheard"}
    return None
