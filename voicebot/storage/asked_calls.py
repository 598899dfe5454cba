"""Keeps for a day which calls were asked for from pages: `call_limits.AskedCalls` on SQL."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.sessions.call_limits import CallAsked
from voicebot.storage.database import reading, writing
from voicebot.storage.schema import asked_calls

_WHAT = "calls that were asked for"


class SqlAskedCalls:
    """The table ``asked_calls``. The engine stays its giver's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def since(self, at: float) -> Sequence[CallAsked]:
        row = asked_calls.c
        wanted = select(row.at, row.number, row.address).where(row.at >= at).order_by(row.at)
        async with reading(self._engine, _WHAT) as connection:
            return [CallAsked(*found) for found in (await connection.execute(wanted)).all()]

    async def add(self, call: CallAsked, forget_before: float) -> None:
        new = {"at": call.at, "number": call.number, "address": call.address}
        async with writing(self._engine, _WHAT) as connection:
            await connection.execute(delete(asked_calls).where(asked_calls.c.at < forget_before))
            await connection.execute(insert(asked_calls).values(new))
