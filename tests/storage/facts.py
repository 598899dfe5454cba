"""Facts of made-up calls, for the tests of this folder."""

from __future__ import annotations

from voicebot.events import (
    CallAnswered,
    CallEnded,
    CallRecorded,
    CallStarted,
    MatterNoted,
    TurnFinished,
    TurnResult,
)
from voicebot.types import CallId, Heard, Language, Matter, Mode, Outcome

ORDER = Heard("four two seven one", {"order": "4271"}, 0.93, Mode.SPEECH, "order_number")


def started(call: str, *, at: float = 1_000.0, caller: str = "alice") -> CallStarted:
    return CallStarted(
        CallId(call),
        at,
        transport="sip",
        caller=caller,
        callee="shop",
        flow="main",
        language=Language("en-US"),
    )


def answered(call: str, *, at: float = 1_001.0) -> CallAnswered:
    return CallAnswered(CallId(call), at)


def recorded(call: str, *, at: float = 1_002.0) -> CallRecorded:
    return CallRecorded(CallId(call), at, f"2026-11-21/{call}.wav")


def noted(
    call: str, matter: Matter | None, customer: str = "", *, at: float = 1_003.0
) -> MatterNoted:
    return MatterNoted(CallId(call), at, matter, customer)


def turn(call: str, index: int, *, at: float = 1_010.0, heard: Heard | None = None) -> TurnFinished:
    return TurnFinished(
        CallId(call),
        at,
        index=index,
        step="order_number",
        prompt="What is your order number?",
        result=TurnResult.MATCH if heard else TurnResult.NOINPUT,
        heard=heard,
        latency_ms=412.5,
        barged_in=True,
    )


def ended(call: str, *, at: float = 1_060.0, outcome: Outcome = Outcome.SELF_SERVED) -> CallEnded:
    return CallEnded(CallId(call), at, outcome, "goodbye")
