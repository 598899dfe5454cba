"""Whether a call is recorded: what the caller is told first, and what they may say to it.

With a consent asked for, nothing is written before the answer. With `OPT_OUT` who says nothing
agrees; with `OPT_IN` only who says yes does. An unclear answer is asked for once more and then
taken for a no: a recording that nobody wanted cannot be undone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from voicebot.flows.commands import Listen
from voicebot.flows.events import FlowEvent, InputMatched, NoInput
from voicebot.media.recorder import CallRecorder
from voicebot.types import CallId, Prompt

STEP: Final = "recording consent"
"""What the turn is called in the call's record."""

QUESTION: Final = Listen(
    ("builtin:boolean",), keys={"1": True, "2": False}, timeout_ms=3000, maxspeechtimeout_ms=5000
)
ATTEMPTS: Final = 2


class Consent(StrEnum):
    """What the caller is asked before a recording."""

    NONE = "none"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"


@dataclass(frozen=True, slots=True)
class Recordings:
    """How calls are recorded. ``begin`` is `media.recorder.Recorder.begin`; ``prompt`` asks for the
    consent."""

    begin: Callable[[CallId, int], CallRecorder]
    consent: Consent = Consent.NONE
    prompt: Prompt = field(default_factory=lambda: Prompt(()))


async def agreed(
    rule: Recordings,
    say: Callable[[Prompt], None],
    listen: Callable[[Listen], Awaitable[FlowEvent]],
) -> bool:
    """Ask for the consent that ``rule`` wants; whether the call may be recorded."""
    if rule.consent is Consent.NONE:
        return True
    for _ in range(ATTEMPTS):
        say(rule.prompt)
        event = await listen(QUESTION)
        if isinstance(event, InputMatched):
            return event.heard.semantics is True
        if isinstance(event, NoInput):
            return rule.consent is Consent.OPT_OUT
    return False
