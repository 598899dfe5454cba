"""Reads back what callers asked and the knowledge did not answer."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.errors import StorageError
from voicebot.events import QuestionUnanswered
from voicebot.storage.database import describe
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
    try:
        async with engine.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
    except (SQLAlchemyError, OSError) as error:
        raise StorageError(f"the gaps cannot be read: {describe(error)}") from None
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
