"""Deletes what was kept for long enough, a piece at a time, so that calls hardly wait for it.

A `Kind` is one of the settings of retention. What is deleted with its row is found again by its
age; of calls that stay, the words and numbers are blanked, and where that got to is remembered by
the object, not in the database: a process looks through old calls once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    Column,
    ColumnElement,
    Table,
    and_,
    case,
    delete,
    func,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicebot.events import TurnResult
from voicebot.storage.database import writing
from voicebot.storage.schema import (
    action_runs,
    agent_changes,
    agent_time,
    audit,
    calls,
    contact_notes,
    conversations,
    deflections,
    knowledge_gaps,
    text_messages,
    turns,
)
from voicebot.texting.message import MessageState

PIECE: Final = 500
"""Rows (for words, calls) of one transaction."""


class Kind(StrEnum):
    """A kind of record that has its own time."""

    TRANSCRIPTS = "transcripts"
    MISHEARD = "misheard"
    NUMBERS = "numbers"
    GAPS = "gaps"
    CHATS = "chats"
    TEXTS = "texts"
    CALLS = "calls"
    AGENTS = "agents"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Piece:
    """What one transaction did: ``rows`` that went (or were blanked), the ``recordings`` that
    belonged to them, and whether there may be ``more``."""

    rows: int
    more: bool
    recordings: tuple[str, ...] = ()


NO_PERSON: Final[Mapping[str, Any]] = {
    "caller": case((calls.c.direction == "outbound", calls.c.caller), else_=""),
    "callee": case((calls.c.direction == "outbound", ""), else_=calls.c.callee),
    "number": None,
    "headers": null(),
    "customer": None,
    "matter_details": null(),
}
"""What a call without its caller has in its row: our own side's number stays."""

NO_WORDS: Final[Mapping[str, Any]] = {
    "prompt": "",
    "heard_text": case((turns.c.heard_text.is_(None), None), else_=""),
    "heard_semantics": null(),
}

_OF_PERSONS: Final = ("number", "customer", "headers", "matter_details")
_is_named: Final = (
    case((calls.c.direction == "outbound", calls.c.callee), else_=calls.c.caller) != ""
)
_UNDER_WAY = (MessageState.QUEUED.value, MessageState.SENDING.value)
_NOT_UNDERSTOOD = turns.c.result == TurnResult.NOMATCH.value
_Rows: TypeAlias = tuple[Table, Column[Any], Callable[[float], ColumnElement[bool]]]
_ROWS: Final[Mapping[Kind, tuple[_Rows, ...]]] = {
    Kind.GAPS: ((knowledge_gaps, knowledge_gaps.c.id, lambda at: knowledge_gaps.c.at < at),),
    Kind.CHATS: (
        (conversations, conversations.c.id, lambda at: conversations.c.ended_at < at),
        # What was written stands in the contact's record too.
        (turns, turns.c.call_id, lambda at: and_(turns.c.channel.is_not(None), turns.c.at < at)),
    ),
    Kind.TEXTS: (
        (
            text_messages,
            text_messages.c.id,
            lambda at: and_(
                text_messages.c.changed_at < at, text_messages.c.state.not_in(_UNDER_WAY)
            ),
        ),
    ),
    Kind.AGENTS: (
        (agent_time, agent_time.c.began_at, lambda at: agent_time.c.ended_at < at),
        (
            agent_changes,
            agent_changes.c.id,
            # What an agent did last is their state.
            lambda at: and_(
                agent_changes.c.at < at,
                agent_changes.c.id.not_in(
                    select(func.max(agent_changes.c.id)).group_by(agent_changes.c.agent)
                ),
            ),
        ),
    ),
    Kind.AUDIT: ((audit, audit.c.id, lambda at: audit.c.at < at),),
}


class SqlTidying:
    """The engine stays its giver's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reached: dict[Kind, tuple[float, str]] = {}

    async def piece(self, kind: Kind, before: float, limit: int = PIECE) -> Piece:
        """Delete at most ``limit`` records of ``kind`` from before then (UTC epoch seconds). Raises
        StorageError."""
        async with self._writing() as connection:
            match kind:
                case Kind.CALLS:
                    return await _delete_calls(connection, before, limit)
                case Kind.TRANSCRIPTS | Kind.MISHEARD | Kind.NUMBERS:
                    return await self._blank(connection, kind, before, limit)
                case _:
                    rows = [
                        await _delete_rows(connection, table, key, old(before), limit)
                        for table, key, old in _ROWS[kind]
                    ]
                    return Piece(sum(rows), max(rows) >= limit)

    async def _blank(
        self, connection: AsyncConnection, kind: Kind, before: float, limit: int
    ) -> Piece:
        """Take words or numbers out of calls that stay, the oldest first."""
        place = tuple_(calls.c.started_at, calls.c.id)
        wanted = (
            select(calls.c.started_at, calls.c.id)
            .order_by(calls.c.started_at, calls.c.id)
            .limit(limit)
        )
        wanted = wanted.where(calls.c.started_at < before, calls.c.ended_at.is_not(None))
        if (reached := self._reached.get(kind)) is not None:
            wanted = wanted.where(place > reached)
        found = (await connection.execute(wanted)).all()
        if not found:
            return Piece(0, False)
        ids = [each.id for each in found]
        if kind is Kind.NUMBERS:
            with_number = or_(*(calls.c[name].is_not(None) for name in _OF_PERSONS), _is_named)
            change = update(calls).where(calls.c.id.in_(ids), with_number).values(NO_PERSON)
        else:
            of_kind = _NOT_UNDERSTOOD if kind is Kind.MISHEARD else ~_NOT_UNDERSTOOD
            worded = or_(turns.c.prompt != "", turns.c.heard_text != "")
            change = update(turns).where(turns.c.call_id.in_(ids), of_kind, worded).values(NO_WORDS)
        rows = (await connection.execute(change)).rowcount
        if kind is Kind.TRANSCRIPTS:
            rows += await _blank_notes(connection, ids)
        self._reached[kind] = (found[-1].started_at, found[-1].id)
        return Piece(rows, len(found) == limit)

    def _writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return writing(self._engine, "old records")


async def _delete_rows(
    connection: AsyncConnection,
    table: Table,
    key: Column[Any],
    old: ColumnElement[bool],
    limit: int,
) -> int:
    chosen = select(key).where(old).limit(limit).scalar_subquery()
    return (await connection.execute(delete(table).where(old, key.in_(chosen)))).rowcount


async def _blank_notes(connection: AsyncConnection, ids: Sequence[str]) -> int:
    """Take agents' words out of their notes on these calls; the results that they chose stay."""
    of_calls = contact_notes.c.contact_id.in_(ids)
    only_words = delete(contact_notes).where(of_calls, contact_notes.c.code == "")
    others = update(contact_notes).where(of_calls, contact_notes.c.text != "").values(text="")
    return sum([(await connection.execute(change)).rowcount for change in (only_words, others)])


async def _delete_calls(connection: AsyncConnection, before: float, limit: int) -> Piece:
    """Delete whole calls, with their turns and what else hangs on them."""
    # Not by their calls: a conversation that went on by voice has none of its own.
    runs = await _delete_rows(
        connection, action_runs, action_runs.c.id, action_runs.c.at < before, limit
    )
    old = calls.c.started_at < before, calls.c.ended_at.is_not(None)
    wanted = select(calls.c.id, calls.c.recording).where(*old).order_by(calls.c.started_at)
    found = (await connection.execute(wanted.limit(limit))).all()
    more = limit in {len(found), runs}
    ids = [each.id for each in found]
    await connection.execute(delete(deflections).where(deflections.c.call_id.in_(ids)))
    # Later nobody would find them: it is by the call that a person's notes are known.
    await connection.execute(delete(contact_notes).where(contact_notes.c.contact_id.in_(ids)))
    await connection.execute(delete(calls).where(calls.c.id.in_(ids)))
    recordings = tuple(each.recording for each in found if each.recording)
    return Piece(len(found), more, recordings)
