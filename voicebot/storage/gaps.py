"""Reads back what callers asked and the knowledge did not answer."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.events import QuestionUnanswered
from voicebot.storage.database import reading
from voicebot.storage.schema import knowledge_gaps
from voicebot.types import CallId, Language


async def read_gaps(
    engine: AsyncEngine, *, since: float | None = None, limit: int = 10_000
) -> list[QuestionUnanswered]:
    """Give at most ``limit`` gaps, the newest first; ``since`` (inclusive) in UTC epoch seconds.

    Raises StorageError.
    """
    gaps = knowledge_gaps
    statement = select(gaps).order_by(gaps.c.at.desc(), gaps.c.id.desc()).limit(limit)
    if since is not None:
        statement = statement.where(gaps.c.at >= since)
    async with reading(engine, "the gaps") as connection:
        rows = (await connection.execute(statement)).mappings().all()
    return [
        QuestionUnanswered(
            CallId(row["call_id"]),
            row["at"],
            Language(row["language"]),
            row["text"],
            row["nearest"] or "",
            row["confidence"],
        )
        for row in rows
    ]
