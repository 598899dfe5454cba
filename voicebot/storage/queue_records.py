"""Callbacks, agents' states, places held for text and those of callers who waited, in the database.

What happens is written by one task, in order, a moment behind the event loop. Its backlog is
bounded; what does not fit, or cannot be written, is counted and told in the log: calls go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import structlog
from sqlalchemy import Executable, Table, delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.sessions.held_places import KeptPlace
from voicebot.sessions.queue_records import AgentChange, Booking
from voicebot.sessions.records import STOPPED
from voicebot.storage.database import describe, reading
from voicebot.storage.journal import STOPPED_DURING_CALL
from voicebot.storage.schema import agent_changes, callbacks, calls, held_places

log = structlog.get_logger(__name__)

BACKLOG: Final = 10_000
PLACES_KEPT_S: Final = 900.0
"""How long after a stop callers who waited on the line find their places again."""
_LAST_WRITES_S: Final = 5.0
_LONGEST_CALL_S: Final = 4 * 3600.0


class SqlQueueRecords:
    """`QueueRecords` in a database. The engine stays its giver's to dispose of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: asyncio.Queue[Sequence[Executable]] = asyncio.Queue(BACKLOG)
        self.lost = 0
        """Facts that could not be kept."""

    def booked(self, booking: Booking) -> None:
        self._put_anew(
            callbacks,
            contact_id=booking.contact_id,
            queue=booking.queue,
            number=booking.number,
            arrived_at=booking.arrived_at,
            due_at=booking.due_at,
            details=dict(booking.details),
        )

    def settled(self, contact_id: str) -> None:
        self._put(delete(callbacks).where(callbacks.c.contact_id == contact_id))

    def place_held(self, place: KeptPlace) -> None:
        self._put_anew(
            held_places,
            contact_id=place.contact_id,
            queue=place.queue,
            since=place.since,
            left_at=place.left_at,
            details=dict(place.details),
        )

    def place_gone(self, contact_id: str) -> None:
        self._put(delete(held_places).where(held_places.c.contact_id == contact_id))

    def _put_anew(self, table: Table, contact_id: str, **values: Any) -> None:
        """Keep one row of this contact, in place of what is known of it."""
        self._put(
            delete(table).where(table.c.contact_id == contact_id),
            insert(table).values(contact_id=contact_id, **values),
        )

    def agent_changed(self, change: AgentChange) -> None:
        self._put(
            insert(agent_changes).values(
                agent=change.agent, at=change.at, state=change.state, reason=change.reason
            )
        )

    async def run(self) -> None:
        """Write what comes; never ends."""
        while True:
            statements = await self._waiting.get()
            try:
                async with self._engine.begin() as connection:
                    for statement in statements:
                        await connection.execute(statement)
            except (SQLAlchemyError, OSError) as error:
                self.lost += 1
                log.warning("queue_record_lost", problem=describe(error))
            finally:
                self._waiting.task_done()

    async def written(self) -> None:
        """Return when all that came is written, or could not be in good time."""
        try:
            async with asyncio.timeout(_LAST_WRITES_S):
                await self._waiting.join()
        except TimeoutError:
            log.warning("queue_records_left", left=self._waiting.qsize())

    async def bookings(self) -> list[Booking]:
        """Every callback that is owed, those who waited longest first. Raises StorageError."""
        statement = select(callbacks).order_by(callbacks.c.arrived_at, callbacks.c.contact_id)
        return [Booking(**row) for row in await self._rows(statement)]

    async def held_places(self) -> list[KeptPlace]:
        """Places that callers with a link had, those who waited longest first. Raises
        StorageError."""
        statement = select(held_places).order_by(held_places.c.since, held_places.c.contact_id)
        return [KeptPlace(**row) for row in await self._rows(statement)]

    async def last_changes(self) -> dict[str, AgentChange]:
        """What each agent did last. Raises StorageError."""
        newest = select(func.max(agent_changes.c.id)).group_by(agent_changes.c.agent)
        columns = (
            agent_changes.c.agent,
            agent_changes.c.at,
            agent_changes.c.state,
            agent_changes.c.reason,
        )
        rows = await self._rows(select(*columns).where(agent_changes.c.id.in_(newest)))
        return {row["agent"]: AgentChange(**row) for row in rows}

    async def left_waiting(self, now: float) -> dict[str, float]:
        """The numbers that waited on the line when voicebot stopped a moment ago, with when they
        began to wait (UTC epoch seconds). Raises StorageError."""
        row = calls.c
        waited = select(row.number, row.ended_at, row.waited_s).where(
            row.started_at > now - _LONGEST_CALL_S,
            row.ended_at > now - PLACES_KEPT_S,
            row.reason.in_((STOPPED, STOPPED_DURING_CALL)),
            row.waited_s.is_not(None),
            row.agent.is_(None),
            row.number.is_not(None),
        )
        # Of a call that a crash ended, the end is the last that is known of it: the transfer.
        return {
            each["number"]: each["ended_at"] - each["waited_s"] for each in await self._rows(waited)
        }

    async def _rows(self, statement: Executable) -> list[dict[str, Any]]:
        async with reading(self._engine, "the queues") as connection:
            found = (await connection.execute(statement)).mappings().all()
        return [dict(row) for row in found]

    def _put(self, *statements: Executable) -> None:
        try:
            self._waiting.put_nowait(statements)
        except asyncio.QueueFull:
            self.lost += 1
