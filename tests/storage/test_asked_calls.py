"""Calls that were asked for are kept for a day."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.sessions.call_limits import AskedCalls, CallAsked
from voicebot.storage.asked_calls import SqlAskedCalls


async def test_they_come_back_in_order_and_go_with_time(either: AsyncEngine) -> None:
    asked: AskedCalls = SqlAskedCalls(either)
    calls = [CallAsked(at, "+15550142", "203.0.113.7") for at in (100.0, 200.0, 300.0)]
    for call in calls:
        await asked.add(call, 0.0)
    assert await asked.since(150.0) == calls[1:]
    last = CallAsked(400.0, "+15550143", "2001:db8::/64")
    await asked.add(last, 250.0)
    assert await asked.since(0.0) == [calls[2], last]
