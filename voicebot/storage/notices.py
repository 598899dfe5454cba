"""Keeps what other programs are to be told: the store of `notices.model` on SQL.

The journal writes the rows, in the transaction of the facts that they tell of.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicebot.notices.model import Kind, Notice, Retry, Waiting
from voicebot.storage.database import reading, writing
from voicebot.storage.schema import notices


def notice_row(notice: Notice) -> dict[str, Any]:
    """The row of a notice that was just made: it is due at once."""
    return {
        "hook": notice.hook,
        "id": notice.id,
        "contact": notice.contact,
        "kind": notice.kind.value,
        "body": notice.body,
        "created_at": notice.created_at,
        "due_at": notice.created_at,
        "tries": 0,
    }


class SqlNotices:
    """`NoticeStore`. The engine stays its giver's to dispose of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def due(self, hook: str, now: float, limit: int) -> list[Waiting]:
        row, before = notices.c, notices.alias("before").c
        something_before = (
            select(before.number)
            .where(
                before.hook == row.hook, before.contact == row.contact, before.number < row.number
            )
            .exists()
        )
        statement = (
            select(notices)
            .where(row.hook == hook, row.due_at <= now, ~something_before)
            .order_by(row.number)
            .limit(limit)
        )
        async with self._reading() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return [
            Waiting(
                each["number"],
                Notice(
                    each["hook"],
                    each["id"],
                    each["contact"],
                    Kind(each["kind"]),
                    each["body"],
                    each["created_at"],
                ),
                each["tries"],
            )
            for each in rows
        ]

    async def next_due_at(self, hook: str) -> float | None:
        statement = select(func.min(notices.c.due_at)).where(notices.c.hook == hook)
        async with self._reading() as connection:
            found: float | None = (await connection.execute(statement)).scalar()
        return found

    async def settle(self, done: Sequence[int], again: Sequence[Retry]) -> None:
        number = notices.c.number
        async with self._writing() as connection:
            if done:
                await connection.execute(delete(notices).where(number.in_(done)))
            for each in again:
                later = {"due_at": each.due_at, "tries": each.tries}
                await connection.execute(update(notices).where(number == each.number).values(later))

    async def give_up(self, hook: str, before: float) -> int:
        too_old = notices.c.hook == hook, notices.c.created_at < before
        async with self._writing() as connection:
            return (await connection.execute(delete(notices).where(*too_old))).rowcount

    async def waiting(self, hook: str) -> int:
        statement = select(func.count()).select_from(notices).where(notices.c.hook == hook)
        async with self._reading() as connection:
            return (await connection.execute(statement)).scalar_one()

    async def hooks(self) -> Sequence[str]:
        async with self._reading() as connection:
            return (await connection.execute(select(notices.c.hook).distinct())).scalars().all()

    def _reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return reading(self._engine, "the webhooks' notices")

    def _writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return writing(self._engine, "the webhooks' notices")
