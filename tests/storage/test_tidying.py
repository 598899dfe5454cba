"""Old records go by kind and in pieces; what is younger stays, and so do the sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, extract, func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.facts import ORDER, ended, noted, recorded, started, turn
from voicebot.action_result import ActionResult
from voicebot.desk.notes import Note
from voicebot.errors import StorageError
from voicebot.events import ActionRan, CallEvent, QuestionUnanswered
from voicebot.storage.database import writing
from voicebot.storage.journal import SqlJournal
from voicebot.storage.notes import SqlNotes
from voicebot.storage.schema import (
    action_runs,
    agent_changes,
    agent_time,
    audit,
    calls,
    contact_notes,
    conversation_lines,
    conversations,
    knowledge_gaps,
    text_messages,
    turn_words,
    turns,
)
from voicebot.storage.tidying import Kind, Piece, SqlTidying
from voicebot.types import CallId, Language, Matter

DAY = 86_400.0
OLD, YOUNG, NOW = 10 * DAY, 90 * DAY, 100 * DAY
BEFORE = NOW - 30 * DAY


async def write(engine: AsyncEngine, *events: CallEvent) -> None:
    journal = SqlJournal(engine)
    await journal.start()
    for event in events:
        journal.append(event)
    await journal.flush()
    await journal.stop()


def a_call(name: str, at: float) -> list[CallEvent]:
    return [
        started(name, at=at, caller="+15550104477"),
        recorded(name),
        noted(name, Matter("return", {"order": "4271"}, True), "c-9"),
        turn(name, 1, at=at, heard=ORDER),
        turn(name, 2, at=at),
        QuestionUnanswered(CallId(name), at, Language("en"), "Do you ship pianos?", "", 0.1),
        ended(name, at=at + 60),
    ]


async def insert_rows(engine: AsyncEngine, table: Any, *rows: dict[str, Any]) -> None:
    async with writing(engine, "rows") as connection:
        await connection.execute(insert(table), rows)


async def read(engine: AsyncEngine, *columns: Any) -> Sequence[Any]:
    async with engine.connect() as connection:
        return (await connection.execute(select(*columns).order_by(columns[0]))).all()


async def test_what_was_written_goes_with_the_conversations(either: AsyncEngine) -> None:
    old, young = (
        replace(turn("old", number, at=at), channel="web")
        for number, at in ((100_001, OLD), (100_081, YOUNG))
    )
    await write(either, *a_call("old", OLD), old, young)
    piece = await SqlTidying(either).piece(Kind.CHATS, BEFORE)
    assert piece == Piece(1, more=False)
    assert [number for (number,) in await read(either, turns.c.number)] == [1, 2, 100_081]
    assert [number for (number,) in await read(either, turn_words.c.number)] == [1, 2, 100_081]


async def test_runs_of_actions_go_with_the_calls_of_their_time(either: AsyncEngine) -> None:
    for at in (OLD, YOUNG):
        ran = ActionRan(CallId("chat"), at, "look", "find_order", ActionResult.DONE, 9.0)
        await write(either, ran)
    assert await SqlTidying(either).piece(Kind.CALLS, BEFORE) == Piece(0, more=False)
    assert [at for (at,) in await read(either, action_runs.c.at)] == [YOUNG]


async def test_words_go_and_turns_stay(either: AsyncEngine) -> None:
    await write(either, *a_call("old", OLD), *a_call("young", YOUNG))
    piece = await SqlTidying(either).piece(Kind.TRANSCRIPTS, BEFORE)
    assert piece == Piece(2, more=False)
    columns = turns.c.call_id, turns.c.prompt, turns.c.heard_text, turns.c.latency_ms
    assert set(await read(either, *columns)) == {
        ("old", "", "", 412.5),
        ("old", "", None, 412.5),
        ("young", "What is your order number?", ORDER.text, 412.5),
        ("young", "What is your order number?", None, 412.5),
    }


async def test_agents_words_go_with_the_transcript_and_results_with_the_call(
    either: AsyncEngine,
) -> None:
    await write(either, *a_call("old", OLD), *a_call("young", YOUNG))
    note = {"queue": "support", "at": OLD, "code": "solved", "text": "Wants a piano."}
    await insert_rows(
        either,
        contact_notes,
        *({**note, "contact_id": each, "agent": "ann"} for each in ("old", "young")),
        {**note, "contact_id": "old", "agent": "bert", "code": ""},
    )
    tidying = SqlTidying(either)
    assert (await tidying.piece(Kind.TRANSCRIPTS, BEFORE)).rows == 4
    table = contact_notes.c
    columns = table.contact_id, table.agent, table.code, table.text
    assert await read(either, *columns) == [
        ("old", "ann", "solved", ""),
        ("young", "ann", "solved", "Wants a piano."),
    ]
    await tidying.piece(Kind.CALLS, BEFORE)
    assert await read(either, table.contact_id) == [("young",)]


async def test_numbers_go_and_calls_stay(either: AsyncEngine) -> None:
    await write(either, *a_call("old", OLD), *a_call("young", YOUNG))
    assert await SqlTidying(either).piece(Kind.NUMBERS, BEFORE) == Piece(1, more=False)
    table = calls.c
    columns = table.id, table.caller, table.callee, table.number, table.customer, table.outcome
    assert await read(either, *columns) == [
        ("old", "", "shop", None, None, "self_served"),
        ("young", "+15550104477", "shop", "+15550104477", "c-9", "self_served"),
    ]


async def test_pieces_are_bounded_and_come_to_an_end(engine: AsyncEngine) -> None:
    for number in range(5):
        await write(engine, *a_call(f"c{number}", OLD + number))
    tidying = SqlTidying(engine)
    for kind, rows in ((Kind.NUMBERS, [2, 2, 1]), (Kind.GAPS, [2, 2, 1]), (Kind.CALLS, [2, 2, 1])):
        pieces = [await tidying.piece(kind, BEFORE, limit=2) for _ in rows]
        assert [piece.rows for piece in pieces] == rows
        assert [piece.more for piece in pieces] == [True, True, False]
        assert await tidying.piece(kind, BEFORE, limit=2) == Piece(0, more=False)
    assert await read(engine, turns.c.call_id) == []


async def test_whole_calls_go_with_all_that_hangs_on_them(either: AsyncEngine) -> None:
    await write(either, *a_call("old", OLD), *a_call("young", YOUNG))
    piece = await SqlTidying(either).piece(Kind.CALLS, BEFORE)
    assert piece == Piece(1, more=False, recordings=("2026-11-21/old.wav",))
    for column in (calls.c.id, turns.c.call_id, knowledge_gaps.c.call_id):
        assert {each for (each,) in await read(either, column)} == {"young"}


async def test_what_agents_noted_goes_with_the_words_and_their_result_with_the_call(
    either: AsyncEngine,
) -> None:
    await write(either, *a_call("old", OLD), *a_call("young", YOUNG))
    for name in ("old", "young"):
        note = Note(name, "anna", "support", NOW, "solved", "Her knee hurts.")
        await SqlNotes(either).keep(note)
    tidying, told = SqlTidying(either), (contact_notes.c.contact_id, contact_notes.c.text)
    await tidying.piece(Kind.TRANSCRIPTS, BEFORE)
    assert await read(either, *told, contact_notes.c.code) == [
        ("old", "", "solved"),
        ("young", "Her knee hurts.", "solved"),
    ]
    await tidying.piece(Kind.CALLS, BEFORE)
    assert await read(either, *told) == [("young", "Her knee hurts.")]


async def test_chats_go_after_their_end(either: AsyncEngine) -> None:
    def chat(name: str, ended_at: float | None) -> dict[str, Any]:
        return {
            "id": name, "channel": "web", "flow": "main", "language": "en", "version": "one",
            "state": {}, "last_line": 1, "started_at": OLD, "active_at": OLD,
            "ended_at": ended_at, "reason": "", "link_until": 0.0,
        }  # fmt: skip

    await insert_rows(either, conversations, chat("old", OLD), chat("young", YOUNG))
    await insert_rows(either, conversations, chat("open", None))
    for name in ("old", "young"):
        line = {"conversation_id": name, "number": 1, "at": OLD, "channel": "web"}
        await insert_rows(either, conversation_lines, {**line, "who": "bot", "text": "Hello."})
    assert (await SqlTidying(either).piece(Kind.CHATS, BEFORE)).rows == 1
    assert await read(either, conversations.c.id) == [("open",), ("young",)]
    assert await read(either, conversation_lines.c.conversation_id) == [("young",)]


async def test_messages_under_way_stay(either: AsyncEngine) -> None:
    def message(number: int, state: str, changed_at: float) -> dict[str, Any]:
        return {
            "id": f"m{number}", "number": number, "channel": "sms", "recipient": "+1555",
            "body": "", "state": state, "tries": 1, "created_at": OLD, "due_at": OLD,
            "expires_at": OLD, "changed_at": changed_at, "problem": "",
        }  # fmt: skip

    await insert_rows(
        either, text_messages,
        message(1, "sent", OLD), message(2, "queued", OLD), message(3, "sent", YOUNG),
    )  # fmt: skip
    assert (await SqlTidying(either).piece(Kind.TEXTS, BEFORE)).rows == 1
    assert await read(either, text_messages.c.id) == [("m2",), ("m3",)]


async def test_what_an_agent_did_last_stays(either: AsyncEngine) -> None:
    change = {"agent": "ann", "state": "ready", "reason": ""}
    await insert_rows(either, agent_changes, *({**change, "at": at} for at in (1.0, 2.0)))
    time = {"agent": "ann", "began_at": 1.0, "ended_at": 2.0}
    await insert_rows(either, agent_time, time)
    assert (await SqlTidying(either).piece(Kind.AGENTS, BEFORE)).rows == 2
    assert await read(either, agent_changes.c.at) == [(2.0,)]


async def test_the_audit_log_gives_only_what_is_older_than_a_year(either: AsyncEngine) -> None:
    async with either.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        clock: Any = func.strftime("%s", "now") if sqlite else extract("epoch", func.now())
        now = float((await connection.execute(select(clock))).scalar_one())
    line = {"who": "ann", "deed": "signed in", "what": "", "address": ""}
    ages = (400 * DAY, 300 * DAY)
    await insert_rows(either, audit, *({**line, "at": now - age} for age in ages))
    assert (await SqlTidying(either).piece(Kind.AUDIT, now - 365 * DAY)).rows == 1
    with pytest.raises(StorageError, match="only grows"):
        async with writing(either, "the audit log") as connection:
            await connection.execute(delete(audit))
    assert len(await read(either, audit.c.id)) == 1
