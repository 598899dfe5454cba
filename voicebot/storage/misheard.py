"""Reads the turns in which callers were not understood: `MisheardTurns` on SQL."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.analytics.history import Span
from voicebot.analytics.misunderstood import Misheard
from voicebot.events import TurnResult
from voicebot.storage.database import reading
from voicebot.storage.ledger_facts import within
from voicebot.storage.schema import calls, turns
from voicebot.types import CallId, Language, Mode


class SqlMisheard:
    """The turns that `storage.journal` writes. The engine stays its giver's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def misheard(self, span: Span, *, unsure: float, limit: int) -> Sequence[Misheard]:
        """Give the turns of ``span`` (`MisheardTurns`). Raises StorageError."""
        turn = turns.c
        no_match = turn.result == TurnResult.NOMATCH.value
        doubtful = and_(turn.result == TurnResult.MATCH.value, turn.heard_confidence < unsure)
        statement = (
            select(turns, calls.c.flow, calls.c.language)
            .join(calls, calls.c.id == turn.call_id)
            .where(
                within(span.since, span.until),
                turn.heard_mode != Mode.DTMF.value,
                turn.heard_text != "",
                or_(no_match, doubtful),
            )
            .order_by(calls.c.started_at.desc(), calls.c.id.desc(), turn.number)
            .limit(limit)
        )
        async with reading(self._engine, "turns") as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return [
            Misheard(
                CallId(row["call_id"]),
                row["at"],
                row["flow"],
                row["step"],
                Language(row["language"]),
                row["heard_text"],
                row["heard_confidence"],
                row["result"] == TurnResult.MATCH.value,
            )
            for row in rows
        ]
