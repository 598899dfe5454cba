"""Deletes what the database holds of one person, known by a telephone number.

Calls stay as counts: their rows lose the person, and get a random word in place of the number, the
same for all of them, so that the ledger counts the same when it counts anew. All else goes. Calls
that go on are left alone. Left out on purpose: what other callers said about the person.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    delete,
    func,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicebot.errors import UsageError
from voicebot.sessions.numbers import caller_number
from voicebot.sessions.traces import Traces
from voicebot.storage.database import reading, writing
from voicebot.storage.schema import (
    asked_calls,
    callbacks,
    calls,
    contact_notes,
    conversation_lines,
    conversations,
    held_places,
    knowledge_gaps,
    notices,
    text_messages,
    text_opt_outs,
    turn_words,
    turns,
)
from voicebot.storage.tidying import NO_PERSON
from voicebot.storage.wiping import wiped

WITHOUT_PERSONS: Final = frozenset(
    {
        "action_runs",
        "agent_changes",
        "agent_time",
        "alert_letters",
        "alert_state",
        "audit",
        "deflections",
        "ledger_hours",
        "ledger_rules",
        "staff_sessions",
        "staff_tokens",
        "staff_users",
        "stale_hours",
        "turn_words",
    }
)
"""Tables that hold nothing of callers, or go with the rows that they are of (`turn_words`); a test
wants each other one to be looked at here."""

TELLING: Final = 8
"""Characters from which on a text is looked for in the file, to see that it is gone."""
MOST_TEXTS: Final = 8


@dataclass(frozen=True, slots=True)
class Deleted:
    """What went, the files of its ``recordings``, and some of its ``texts``, by which is seen
    whether the file still has them."""

    traces: Traces
    recordings: tuple[str, ...]
    texts: tuple[str, ...]


class Person:
    """The conditions under which a row is of a person. Raises UsageError for what is no number."""

    def __init__(self, number: str) -> None:
        known = caller_number(number)
        if not known:
            raise UsageError(f"'{number[:40]}' is no telephone number; write it as calls show it")
        self.digits = known.removeprefix("+")
        forms = [self.digits, f"+{self.digits}", f"00{self.digits}"]

        def is_of(column: Any) -> ColumnElement[bool]:
            # Some channels put their name before it: 'whatsapp:+1555...'.
            return or_(column.in_(forms), *(column.like(f"%:{form}") for form in forms))

        # Who writes by a messenger has the channel's name before the number. Two statements, so
        # that the first finds its index.
        by_messenger = and_(calls.c.transport == "webhook", is_of(calls.c.caller))
        theirs = union(
            select(calls.c.id).where(calls.c.number.in_(forms)),
            select(calls.c.id).where(by_messenger),
        )
        all_calls = calls.c.id.in_(theirs.subquery().select())
        self.over = and_(all_calls, calls.c.ended_at.is_not(None))
        self.going_on = and_(all_calls, calls.c.ended_at.is_(None))
        ids = select(calls.c.id).where(self.over)
        chats = or_(conversations.c.contact.in_(ids), is_of(conversations.c.sender))
        chat_ids = select(conversations.c.id).where(chats)
        self.rows: Mapping[str, tuple[Table, ColumnElement[bool]]] = {
            "turns": (turns, turns.c.call_id.in_(ids)),
            "questions": (knowledge_gaps, knowledge_gaps.c.call_id.in_(ids)),
            "lines": (conversation_lines, conversation_lines.c.conversation_id.in_(chat_ids)),
            "conversations": (conversations, chats),
            "messages": (
                text_messages,
                or_(text_messages.c.call_id.in_(ids), is_of(text_messages.c.recipient)),
            ),
            "callbacks": (
                callbacks,
                or_(callbacks.c.contact_id.in_(ids), is_of(callbacks.c.number)),
            ),
            "held_places": (held_places, held_places.c.contact_id.in_(ids)),
            "opt_outs": (text_opt_outs, is_of(text_opt_outs.c.number)),
            "notes": (contact_notes, contact_notes.c.contact_id.in_(ids)),
            "notices": (notices, notices.c.contact.in_(ids)),
            "asked_calls": (asked_calls, is_of(asked_calls.c.number)),
        }
        """What is deleted, by its name in `Traces`, in the order in which it goes."""

    @property
    def texts(self) -> Sequence[Select[Any]]:
        """Their words, those that were longest."""
        columns = {
            "turns": turns.c.heard_text,
            "questions": knowledge_gaps.c.text,
            "lines": conversation_lines.c.text,
            "notes": contact_notes.c.text,
            "messages": text_messages.c.body,
        }
        return [
            select(column)
            .where(self.rows[name][1], func.length(column) >= TELLING)
            .order_by(func.length(column).desc())
            .limit(MOST_TEXTS)
            for name, column in columns.items()
        ]


class SqlForgetting:
    """The engine stays its giver's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def trace(self, number: str) -> Traces:
        """What there is of ``number``. Raises UsageError, StorageError."""
        person = Person(number)
        async with reading(self._engine, "what is kept of a caller") as connection:
            return await _traces(connection, person)

    async def forget(self, number: str) -> Deleted:
        """Delete it; its bytes go with `wiped`. Raises UsageError, StorageError."""
        person = Person(number)
        async with writing(self._engine, "what is kept of a caller") as connection:
            traces = await _traces(connection, person)
            wanted = select(calls.c.recording).where(person.over, calls.c.recording.is_not(None))
            recordings = tuple((await connection.execute(wanted)).scalars())
            texts = [
                text
                for statement in person.texts
                for text in (await connection.execute(statement)).scalars()
            ]
            async with _overwriting(connection):
                for table, condition in person.rows.values():
                    await connection.execute(delete(table).where(condition))
                nobody = {**NO_PERSON, "number": f"~{secrets.token_hex(8)}", "recording": None}
                await connection.execute(update(calls).where(person.over).values(nobody))
        longest = sorted(set(texts), key=len, reverse=True)[:MOST_TEXTS]
        return Deleted(traces, recordings, tuple(longest))

    async def wiped(self, number: str, texts: Sequence[str]) -> bool:
        """Take what was deleted out of the database's files; whether the number stands nowhere in
        them any more. Raises UsageError, StorageError."""
        person = Person(number)
        tables = {table.name for table, _ in person.rows.values()} | {calls.name, turn_words.name}
        return await wiped(self._engine, person.digits, texts, sorted(tables))


@asynccontextmanager
async def _overwriting(connection: AsyncConnection) -> AsyncIterator[None]:
    """SQLite fills what is deleted with zeros meanwhile."""
    if connection.dialect.name != "sqlite":
        yield
        return
    await connection.exec_driver_sql("PRAGMA secure_delete=ON")
    try:
        yield
    finally:
        await connection.exec_driver_sql("PRAGMA secure_delete=OFF")


async def _traces(connection: AsyncConnection, person: Person) -> Traces:
    async def count(table: Table, *conditions: ColumnElement[bool]) -> int:
        statement = select(func.count()).select_from(table).where(*conditions)
        return int((await connection.execute(statement)).scalar_one())

    return Traces(
        calls=await count(calls, person.over),
        going_on=await count(calls, person.going_on),
        recordings=await count(calls, person.over, calls.c.recording.is_not(None)),
        **{name: await count(*rows) for name, rows in person.rows.items()},
    )
