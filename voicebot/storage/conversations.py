"""Conversations in text on SQL: the `ChatStore` of the sessions room.

Changes that come at the same time are committed together: one transaction for all that waits, so
that a thousand conversations cost the disk what a few do. A change comes to pass only where the
conversation's last line is the one it was made after; the row is the fence between two writers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicebot.errors import StorageError
from voicebot.events import QueueNoted
from voicebot.sessions.cards import ShownCard
from voicebot.sessions.chat_ledger import BY_TELEPHONE
from voicebot.sessions.chat_reading import Reading
from voicebot.sessions.chat_records import ChatChange, ChatLine, ChatRecord, Stand, Who
from voicebot.sessions.chat_turns import Numbers
from voicebot.sessions.invitation import ConversationId
from voicebot.storage.database import reading, writing
from voicebot.storage.schema import calls, conversation_lines, conversations, turns
from voicebot.types import CallId, Language, Outcome

MOST_WAITING = 10_000
_BATCH = 200


@dataclass(slots=True)
class _Wanted:
    change: ChatChange
    done: asyncio.Future[bool]


class SqlChatStore:
    """The tables ``conversations`` and ``conversation_lines``. The engine stays its giver's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: deque[_Wanted] = deque()
        self._writer: asyncio.Task[None] | None = None

    # Writing

    async def create(self, record: ChatRecord, lines: Sequence[ChatLine]) -> None:
        """Keep a new conversation. Raises StorageError."""
        async with self._writing() as connection:
            await connection.execute(insert(conversations).values(_row(record)))
            await _add_lines(connection, record.id, lines)

    async def commit(self, change: ChatChange) -> bool:
        """Make ``change`` durable; false where the conversation has moved on. Raises
        StorageError."""
        if len(self._waiting) >= MOST_WAITING:
            raise StorageError("conversations cannot be written: too many changes are waiting")
        wanted = _Wanted(change, asyncio.get_running_loop().create_future())
        self._waiting.append(wanted)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="conversations")
        return await wanted.done

    async def _write(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                results = await self._commit_all([wanted.change for wanted in batch])
            except StorageError as error:
                for wanted in batch:
                    if not wanted.done.done():
                        wanted.done.set_exception(StorageError(str(error)))
                continue
            except BaseException:
                for wanted in batch:
                    wanted.done.cancel()
                raise
            for wanted, result in zip(batch, results, strict=True):
                if not wanted.done.done():
                    wanted.done.set_result(result)

    async def _commit_all(self, changes: Sequence[ChatChange]) -> list[bool]:
        results = []
        async with self._writing() as connection:
            for change in changes:
                record = change.record
                changed = await connection.execute(
                    update(conversations)
                    .where(
                        conversations.c.id == record.id, conversations.c.last_line == change.after
                    )
                    .values(_row(record))
                )
                results.append(changed.rowcount == 1)
                if results[-1]:
                    await _add_lines(connection, record.id, change.lines)
                    await _reword(connection, record.id, change.reworded)
        return results

    # Reading

    async def get(self, conversation: ConversationId) -> ChatRecord | None:
        """Give one conversation without its lines. Raises StorageError."""
        return await self._first(conversations.c.id == conversation)

    async def by_link(self, link: str) -> ChatRecord | None:
        """Give the conversation whose link has this hash. Raises StorageError."""
        return await self._first(conversations.c.link == link)

    async def by_contact(self, contact: CallId) -> ChatRecord | None:
        """Give the newest that goes on and came from this call. Raises StorageError."""
        goes_on = conversations.c.ended_at.is_(None)
        return await self._first(conversations.c.contact == contact, goes_on)

    async def by_sender(self, channel: str, sender: str) -> ChatRecord | None:
        """Give the newest of this sender that goes on. Raises StorageError."""
        table = conversations.c
        return await self._first(
            table.channel == channel, table.sender == sender, table.ended_at.is_(None)
        )

    async def lines(self, conversation: ConversationId) -> Sequence[ChatLine]:
        """Give all lines in order. Raises StorageError."""
        statement = (
            select(conversation_lines)
            .where(conversation_lines.c.conversation_id == conversation)
            .order_by(conversation_lines.c.number)
        )
        async with self._reading() as connection:
            return [_line(row) for row in (await connection.execute(statement)).mappings()]

    async def quiet_since(self, at: float, limit: int) -> Sequence[ConversationId]:
        """Give those that were opened, go on, and were quiet since. Raises StorageError."""
        table = conversations.c
        return await self._ids(
            limit, table.ended_at.is_(None), table.opened_at.is_not(None), table.active_at < at
        )

    async def unopened(self, now: float, limit: int) -> Sequence[ConversationId]:
        """Give those whose link ran out before it was opened. Raises StorageError."""
        table = conversations.c
        return await self._ids(
            limit, table.ended_at.is_(None), table.opened_at.is_(None), table.link_until < now
        )

    async def open_count(self) -> int:
        """Count those that go on. Raises StorageError."""
        statement = select(func.count()).where(conversations.c.ended_at.is_(None))
        async with self._reading() as connection:
            return int((await connection.execute(statement)).scalar_one())

    async def standing(self, limit: int) -> Sequence[ConversationId]:
        """Give those that wait for a person or talk to one, the longest first. Raises
        StorageError."""
        table = conversations.c
        statement = (
            select(table.id)
            .where(table.stands_since.is_not(None), table.ended_at.is_(None))
            .order_by(table.stands_since)
            .limit(limit)
        )
        async with self._reading() as connection:
            return [ConversationId(id_) for id_ in (await connection.execute(statement)).scalars()]

    async def not_in_ledger(self, since: float, limit: int) -> Sequence[ChatRecord]:
        """Give those that ended since then and are not told yet, as contacts that began in text or
        as turns of a call, the oldest first. Raises StorageError."""
        table = conversations.c
        # Else the call that it went on with is the contact.
        alone = and_(
            table.contact.is_(None),
            or_(table.outcome.is_not(None), table.reason == BY_TELEPHONE),
            ~exists(select(literal(1)).where(calls.c.id == table.id)),
        )
        of_call = and_(exists(_read_in(table.id)), exists(_of_call(table.contact)))
        statement = (
            select(conversations)
            .where(
                table.ended_at >= since,
                or_(alone, and_(of_call, ~exists(_told_after(table.contact)))),
            )
            .order_by(table.ended_at)
            .limit(limit)
        )
        async with self._reading() as connection:
            return [_record(row) for row in (await connection.execute(statement)).mappings()]

    async def _first(self, *conditions: ColumnElement[bool]) -> ChatRecord | None:
        newest = conversations.c.started_at.desc()
        statement = select(conversations).where(*conditions).order_by(newest).limit(1)
        async with self._reading() as connection:
            row = (await connection.execute(statement)).mappings().first()
        return _record(row) if row is not None else None

    async def _ids(self, limit: int, *conditions: ColumnElement[bool]) -> list[ConversationId]:
        statement = select(conversations.c.id).where(*conditions).limit(limit)
        async with self._reading() as connection:
            return [ConversationId(id_) for id_ in (await connection.execute(statement)).scalars()]

    def _reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return reading(self._engine, "conversations")

    def _writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return writing(self._engine, "conversations")


def _read_in(conversation: ColumnElement[Any]) -> Select[Any]:
    """Messages of a conversation that were read."""
    line = conversation_lines.c
    return select(literal(1)).where(line.conversation_id == conversation, line.reading.is_not(None))


def _of_call(contact: ColumnElement[Any]) -> Select[Any]:
    return select(literal(1)).where(calls.c.id == contact)


def _told_after(contact: ColumnElement[Any]) -> Select[Any]:
    """Turns that were written after a call."""
    numbered = turns.c.number > Numbers.AFTER_A_CALL.value
    return select(literal(1)).where(turns.c.call_id == contact, numbered)


async def _add_lines(
    connection: AsyncConnection, conversation: ConversationId, lines: Sequence[ChatLine]
) -> None:
    if lines:
        rows = [_line_row(conversation, line) for line in lines]
        await connection.execute(insert(conversation_lines), rows)


async def _reword(
    connection: AsyncConnection, conversation: ConversationId, lines: Sequence[ChatLine]
) -> None:
    table = conversation_lines.c
    for line in lines:
        of_line = table.conversation_id == conversation, table.number == line.cursor
        read = line.reading.to_json() if line.reading is not None else None
        card = line.card.to_json() if line.card is not None else None
        now = {"text": line.text, "reading": read, "card": card}
        await connection.execute(update(conversation_lines).where(*of_line).values(now))


def _row(record: ChatRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "contact": record.contact,
        "channel": record.channel,
        "sender": record.sender or None,
        "flow": record.flow,
        "language": record.language,
        "version": record.version,
        "state": dict(record.state),
        "last_line": record.cursor,
        "started_at": record.started_at,
        "active_at": record.active_at,
        "opened_at": record.opened_at,
        "ended_at": record.ended_at,
        "outcome": record.outcome.value if record.outcome is not None else None,
        "reason": record.reason,
        "link": record.link or None,
        "link_until": record.link_until,
        "browser_key": record.key or None,
        "stands_since": None if record.stand is None else record.stand.since,
        "stand": None if record.stand is None else asdict(record.stand),
        "noted": None if record.noted is None else asdict(record.noted),
    }


def _record(row: RowMapping) -> ChatRecord:
    return ChatRecord(
        id=ConversationId(row["id"]),
        contact=CallId(row["contact"]) if row["contact"] else None,
        channel=row["channel"],
        sender=row["sender"] or "",
        flow=row["flow"],
        language=Language(row["language"]),
        version=row["version"],
        state=row["state"],
        cursor=row["last_line"],
        started_at=row["started_at"],
        active_at=row["active_at"],
        opened_at=row["opened_at"],
        ended_at=row["ended_at"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        reason=row["reason"],
        link=row["link"] or "",
        link_until=row["link_until"],
        key=row["browser_key"] or "",
        stand=Stand(**row["stand"]) if row["stand"] else None,
        noted=QueueNoted(**row["noted"]) if row["noted"] else None,
    )


def _line_row(conversation: ConversationId, line: ChatLine) -> dict[str, Any]:
    return {
        "conversation_id": conversation,
        "number": line.cursor,
        "at": line.at,
        "channel": line.channel,
        "who": line.who.value,
        "text": line.text,
        "client_id": line.client_id or None,
        "card": line.card.to_json() if line.card is not None else None,
        "reading": line.reading.to_json() if line.reading is not None else None,
        "name": line.name or None,
    }


def _line(row: RowMapping) -> ChatLine:
    return ChatLine(
        cursor=row["number"],
        at=row["at"],
        channel=row["channel"],
        who=Who(row["who"]),
        text=row["text"],
        client_id=row["client_id"] or "",
        card=ShownCard.from_json(row["card"]) if row["card"] else None,
        reading=Reading.from_json(row["reading"]) if row["reading"] else None,
        name=row["name"] or "",
    )
