"""Looks a caller's contacts up: the `Histories` of the sessions room on SQL.

Either index leads straight to the newest contacts, so a look-up costs the same however many calls
are stored.
"""

from __future__ import annotations

from sqlalchemy import Column, select
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.sessions.history import Contact
from voicebot.storage.database import reading
from voicebot.storage.rows import matter_of
from voicebot.storage.schema import calls
from voicebot.types import CallId, Outcome


class SqlHistories:
    """The contacts that `storage.journal` writes. The engine stays its giver's to dispose of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def by_number(
        self, number: str, *, since: float, until: float, limit: int
    ) -> tuple[Contact, ...]:
        """Contacts of a number, newest first (`Histories`). Raises StorageError."""
        return await self._contacts(calls.c.number, number, since, until, limit)

    async def by_customer(
        self, customer: str, *, since: float, until: float, limit: int
    ) -> tuple[Contact, ...]:
        """Contacts of a customer, newest first (`Histories`). Raises StorageError."""
        return await self._contacts(calls.c.customer, customer, since, until, limit)

    async def _contacts(
        self, column: Column[str], key: str, since: float, until: float, limit: int
    ) -> tuple[Contact, ...]:
        statement = (
            select(calls)
            .where(
                column == key,
                calls.c.started_at >= since,
                calls.c.ended_at <= until,
                calls.c.answered_at.is_not(None),
            )
            .order_by(calls.c.started_at.desc())
            .limit(limit)
        )
        async with reading(self._engine, "call records") as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return tuple(
            Contact(CallId(row["id"]), row["started_at"], Outcome(row["outcome"]), matter_of(row))
            for row in rows
        )
