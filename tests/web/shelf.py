"""A `CallArchive` in memory, with what the tests of this folder put on it."""

from __future__ import annotations

from dataclasses import dataclass, field

from voicebot.events import TurnResult
from voicebot.sessions.records import CallPage, CallQuery, CallRecord, Cursor, TurnRecord
from voicebot.types import CallId, Heard, Json, Language, Matter, Mode, Outcome

STARTED = 1_795_255_200.25
"""2026-11-21T10:00:00.25Z"""


@dataclass
class Shelf:
    """Gives the calls in the order they were put; remembers what it was asked."""

    calls: list[CallRecord] = field(default_factory=list)
    asked: list[tuple[CallQuery, Cursor | None, int]] = field(default_factory=list)
    broken: Exception | None = None

    async def list_calls(
        self, query: CallQuery, *, after: Cursor | None = None, limit: int = 50
    ) -> CallPage:
        self.asked.append((query, after, limit))
        if self.broken:
            raise self.broken
        shown = tuple(self.calls[:limit])
        more = len(self.calls) > limit
        return CallPage(shown, Cursor(shown[-1].started_at, shown[-1].id) if more else None)

    async def get_call(self, call_id: CallId) -> CallRecord | None:
        if self.broken:
            raise self.broken
        return next((call for call in self.calls if call.id == call_id), None)


def running_call(call: str = "c1") -> CallRecord:
    return CallRecord(
        id=CallId(call),
        transport="sip",
        caller="+15550100",
        callee="shop",
        flow="main",
        language=Language("en-US"),
        started_at=STARTED,
        answered_at=None,
        ended_at=None,
        outcome=None,
        reason="",
        turns=(),
    )


def finished_call(semantics: Json = None) -> CallRecord:
    heard = Heard("four two seven one", semantics, 0.93, Mode.SPEECH, "order_number")
    return CallRecord(
        id=CallId("c2"),
        transport="sip",
        caller="+15550100",
        callee="shop",
        flow="main",
        language=Language("en-US"),
        started_at=STARTED,
        answered_at=STARTED + 1,
        ended_at=STARTED + 60,
        outcome=Outcome.SELF_SERVED,
        reason="goodbye",
        matter=Matter("order", {"number": "4271"}, open=False),
        customer="17",
        turns=(
            TurnRecord(
                1, STARTED + 9, "ask_order", "Which order?", TurnResult.MATCH, heard, None, True
            ),
            TurnRecord(
                2,
                STARTED + 20,
                "anything",
                "More?",
                TurnResult.NOINPUT,
                None,
                480.0,
                False,
            ),
        ),
    )
