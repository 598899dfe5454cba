"""Agents' notes on contacts in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.desk.notes import Note
from voicebot.storage.database import reading, writing
from voicebot.storage.schema import contact_notes


class SqlNotes:
    """`NoteRecords` in a database. The engine stays its giver's to dispose of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def keep(self, note: Note) -> None:
        """Write a note, over the agent's earlier one (`NoteRecords`). Raises StorageError."""
        same = (contact_notes.c.contact_id == note.contact_id, contact_notes.c.agent == note.agent)
        async with writing(self._engine, "notes on contacts") as connection:
            await connection.execute(delete(contact_notes).where(*same))
            await connection.execute(
                insert(contact_notes).values(
                    contact_id=note.contact_id,
                    agent=note.agent,
                    queue=note.queue,
                    at=note.at,
                    code=note.code,
                    text=note.text,
                )
            )

    async def about(self, contacts: Sequence[str]) -> tuple[Note, ...]:
        """Every note on these contacts, the newest first (`NoteRecords`). Raises StorageError."""
        statement = (
            select(contact_notes)
            .where(contact_notes.c.contact_id.in_(contacts))
            .order_by(contact_notes.c.at.desc())
        )
        async with reading(self._engine, "notes on contacts") as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return tuple(Note(**row) for row in rows)
