"""Messages that go out, on SQL: the `MessageStore` of the texting room."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from sqlalchemy import RowMapping, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicebot.storage.database import reading, writing
from voicebot.storage.schema import text_messages, text_opt_outs
from voicebot.texting.message import MessageState, TextMessage
from voicebot.types import CallId

MOST = 1000


class SqlMessageStore:
    """The tables ``text_messages`` and ``text_opt_outs``. The engine stays its giver's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._adding = asyncio.Lock()

    async def add(self, message: TextMessage) -> bool:
        """Keep a new message; false where its id is there already. Raises StorageError."""
        table = text_messages.c
        number = select(func.coalesce(func.max(table.number), 0) + 1).scalar_subquery()
        async with self._adding, self._writing() as connection:
            known = await connection.execute(select(table.id).where(table.id == message.id))
            if known.first() is not None:
                return False
            row = _row(message) | {"number": number}
            await connection.execute(insert(text_messages).values(row))
        return True

    async def put(self, message: TextMessage, before: MessageState) -> bool:
        """Keep what changed, where the state is still ``before``. Raises StorageError."""
        table = text_messages.c
        async with self._writing() as connection:
            result = await connection.execute(
                update(text_messages)
                .where(table.id == message.id, table.state == before.value)
                .values(_row(message))
            )
        return result.rowcount == 1

    async def get(self, message_id: str) -> TextMessage | None:
        """Give one message. Raises StorageError."""
        found = await self._messages(select(text_messages).where(text_messages.c.id == message_id))
        return found[0] if found else None

    async def due(self, now: float, limit: int) -> Sequence[TextMessage]:
        """Give what is to be sent now, of each recipient the oldest alone. Raises StorageError."""
        table = text_messages.c
        under_way = (MessageState.QUEUED.value, MessageState.SENDING.value)
        oldest = (
            select(func.min(table.number))
            .where(table.state.in_(under_way))
            .group_by(table.channel, table.recipient)
        )
        return await self._messages(
            select(text_messages)
            .where(
                table.number.in_(oldest),
                table.state == MessageState.QUEUED.value,
                table.due_at <= now,
            )
            .order_by(table.number)
            .limit(limit)
        )

    async def next_due_at(self) -> float | None:
        """Give when the next queued message is due. Raises StorageError."""
        table = text_messages.c
        queued = table.state == MessageState.QUEUED.value
        found: float | None = await self._scalar(select(func.min(table.due_at)).where(queued))
        return found

    async def in_state(self, state: MessageState) -> Sequence[TextMessage]:
        """Give the messages in this state, oldest first. Raises StorageError."""
        table = text_messages.c
        return await self._messages(
            select(text_messages)
            .where(table.state == state.value)
            .order_by(table.number)
            .limit(MOST)
        )

    async def waiting(self) -> int:
        """Count what is queued. Raises StorageError."""
        queued = text_messages.c.state == MessageState.QUEUED.value
        found = await self._scalar(select(func.count()).select_from(text_messages).where(queued))
        return int(found)

    async def count_to(self, channel: str, recipient: str, since: float) -> int:
        """Count the messages to a recipient since then. Raises StorageError."""
        table = text_messages.c
        statement = (
            select(func.count())
            .select_from(text_messages)
            .where(table.channel == channel, table.recipient == recipient, table.created_at > since)
        )
        return int(await self._scalar(statement))

    async def latest(self, limit: int) -> Sequence[TextMessage]:
        """Give the newest messages, newest first. Raises StorageError."""
        newest = text_messages.c.number.desc()
        return await self._messages(select(text_messages).order_by(newest).limit(limit))

    async def forget_bodies(self, now: float) -> int:
        """Blank the texts of messages whose time is over. Raises StorageError."""
        table = text_messages.c
        under_way = (MessageState.QUEUED.value, MessageState.SENDING.value)
        async with self._writing() as connection:
            result = await connection.execute(
                update(text_messages)
                .where(table.expires_at <= now, table.body != "", table.state.not_in(under_way))
                .values(body="")
            )
        return result.rowcount

    async def opt_out(self, number: str, at: float) -> None:
        """Note that a number wants no messages. Raises StorageError."""
        async with self._writing() as connection:
            await connection.execute(delete(text_opt_outs).where(text_opt_outs.c.number == number))
            await connection.execute(insert(text_opt_outs).values(number=number, at=at))

    async def opt_in(self, number: str) -> None:
        """Note that a number wants messages again. Raises StorageError."""
        async with self._writing() as connection:
            await connection.execute(delete(text_opt_outs).where(text_opt_outs.c.number == number))

    async def opted_out(self) -> frozenset[str]:
        """Give all numbers that want no messages. Raises StorageError."""
        async with self._reading() as connection:
            return frozenset((await connection.execute(select(text_opt_outs.c.number))).scalars())

    async def _messages(self, statement: Select[Any]) -> list[TextMessage]:
        async with self._reading() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return [_message(row) for row in rows]

    async def _scalar(self, statement: Select[Any]) -> Any:
        async with self._reading() as connection:
            return (await connection.execute(statement)).scalar_one()

    def _reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return reading(self._engine, "text messages")

    def _writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return writing(self._engine, "text messages")


def _row(message: TextMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "channel": message.channel,
        "recipient": message.recipient,
        "body": message.body,
        "call_id": message.contact,
        "state": message.state.value,
        "tries": message.tries,
        "created_at": message.created_at,
        "due_at": message.due_at,
        "expires_at": message.expires_at,
        "changed_at": message.changed_at,
        "reference": message.reference or None,
        "problem": message.problem,
    }


def _message(row: Mapping[str, Any] | RowMapping) -> TextMessage:
    return TextMessage(
        id=row["id"],
        channel=row["channel"],
        recipient=row["recipient"],
        body=row["body"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        contact=CallId(row["call_id"]) if row["call_id"] else None,
        state=MessageState(row["state"]),
        tries=row["tries"],
        due_at=row["due_at"],
        changed_at=row["changed_at"],
        reference=row["reference"] or "",
        problem=row["problem"],
    )
