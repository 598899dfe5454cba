"""A caller is forgotten: no byte of them is left, others and the sums stay."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.facts import ended, noted, recorded, started, turn
from tests.storage.postgres import new_database
from tests.storage.test_tidying import insert_rows, write
from voicebot.analytics.history import Span
from voicebot.analytics.totals import Rules
from voicebot.errors import UsageError
from voicebot.events import CallEvent, QuestionUnanswered
from voicebot.sessions.traces import Traces
from voicebot.storage.database import open_database
from voicebot.storage.forgetting import WITHOUT_PERSONS, Person, SqlForgetting
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.migrations import upgrade
from voicebot.storage.schema import (
    asked_calls,
    callbacks,
    calls,
    contact_notes,
    conversation_lines,
    conversations,
    held_places,
    metadata,
    notices,
    text_messages,
    text_opt_outs,
    turns,
)
from voicebot.types import CallId, Heard, Language, Matter, Mode

NUMBER, OTHER = "+15550104477", "+15550104478"
WORDS = "I have lost my violet umbrella in carriage seven"
SECRETS = ("15550104477", "violet umbrella", "wombat-9", "harpsichord", "left it at Paddington")


def calls_of(number: str, *names: str, words: str = WORDS) -> list[CallEvent]:
    events: list[CallEvent] = []
    for place, name in enumerate(names):
        at = 1000.0 + 10 * place
        customer, wanted = ("wombat-9", "harpsichords") if number == NUMBER else ("c-2", "pianos")
        events += [
            started(name, at=at, caller=number),
            recorded(name),
            noted(name, Matter("loss", {"thing": words[:20]}, True), customer),
            turn(name, 1, at=at, heard=Heard(words, {"text": words}, 0.9, Mode.SPEECH)),
            QuestionUnanswered(CallId(name), at, Language("en"), f"No {wanted}?", "", 0),
            ended(name, at=at + 5),
        ]
    return events


async def fill(engine: AsyncEngine) -> None:
    await write(engine, *calls_of(NUMBER, "one", "two"))
    await write(engine, *calls_of(OTHER, "three", words="When do you open on Sunday"))
    chat: dict[str, Any] = {
        "channel": "whatsapp", "flow": "main", "language": "en", "version": "one",
        "last_line": 1, "started_at": 1.0, "active_at": 1.0, "reason": "", "link_until": 0.0,
    }  # fmt: skip
    for name, sender, contact in (("a", f"whatsapp:{NUMBER}", None), ("b", None, "one")):
        state = {"variables": {"caller": NUMBER, "told": "left it at Paddington"}}
        row = {**chat, "id": name, "sender": sender, "contact": contact, "state": state}
        await insert_rows(engine, conversations, row)
        who = "agent" if contact else "caller"
        line = {"conversation_id": name, "number": 1, "at": 1.0, "channel": "web", "who": who}
        await insert_rows(engine, conversation_lines, {**line, "text": "left it at Paddington"})
    message: dict[str, Any] = {
        "channel": "sms", "state": "queued", "tries": 0, "created_at": 1.0, "due_at": 1.0,
        "expires_at": 1.0, "changed_at": 1.0, "problem": "", "body": "left it at Paddington",
    }  # fmt: skip
    await insert_rows(
        engine, text_messages,
        {**message, "id": "m1", "number": 1, "recipient": NUMBER},
        {**message, "id": "m2", "number": 2, "recipient": OTHER, "body": "Hello"},
    )  # fmt: skip
    await insert_rows(engine, text_opt_outs, {"number": NUMBER, "at": 1.0})
    await insert_rows(engine, asked_calls, {"number": NUMBER, "at": 1.0, "address": "::1"})
    booking = {"contact_id": "one", "queue": "desk", "number": NUMBER, "arrived_at": 1.0}
    await insert_rows(engine, callbacks, {**booking, "details": {"caller": NUMBER}})
    held = {"contact_id": "one", "queue": "desk", "since": 1.0, "details": {"caller": NUMBER}}
    await insert_rows(engine, held_places, held)
    note = {"contact_id": "two", "agent": "anna", "queue": "desk", "at": 1.0, "code": "lost"}
    await insert_rows(engine, contact_notes, {**note, "text": "left it at Paddington"})
    notice: dict[str, Any] = {
        "number": 1, "hook": "crm", "id": "n1", "contact": "one", "kind": "call.started",
        "body": f"from {NUMBER}", "created_at": 1.0, "due_at": 1.0, "tries": 0,
    }  # fmt: skip
    await insert_rows(engine, notices, notice)


async def forgotten(engine: AsyncEngine) -> bool:
    """Forget the number; whether it is gone from the file."""
    forgetting = SqlForgetting(engine)
    gone = await forgetting.forget(NUMBER)
    return await forgetting.wiped(NUMBER, gone.texts)


async def test_what_there_is_is_told_first_and_stays(either: AsyncEngine) -> None:
    await fill(either)
    forgetting = SqlForgetting(either)
    expected = Traces(
        calls=2, turns=2, recordings=2, questions=2, conversations=2, lines=2, messages=1,
        callbacks=1, held_places=1, opt_outs=1, notes=1, notices=1, asked_calls=1,
    )  # fmt: skip
    for number in (NUMBER, "15550104477", "001 555 010-4477", f"sip:{NUMBER}@carrier.example"):
        assert await forgetting.trace(number) == expected
    assert (await forgetting.trace("+4930123456")).is_empty


async def test_the_person_goes_and_others_stay(either: AsyncEngine) -> None:
    await fill(either)
    forgetting = SqlForgetting(either)
    gone = await forgetting.forget(NUMBER)
    assert sorted(gone.recordings) == ["2026-11-21/one.wav", "2026-11-21/two.wav"]
    assert await forgetting.wiped(NUMBER, gone.texts)
    assert (await forgetting.trace(NUMBER)).is_empty
    assert (await forgetting.trace(OTHER)).turns == 1
    async with either.connect() as connection:
        rows = (await connection.execute(select(calls).order_by(calls.c.id))).mappings().all()
        left = (await connection.execute(select(turns.c.heard_text))).scalars().all()
    one, three, two = rows
    assert [one[name] for name in ("customer", "headers", "recording")] == [None, None, None]
    assert one["caller"] == ""
    assert one["number"] == two["number"] != three["number"]
    assert (one["outcome"], three["caller"]) == ("self_served", OTHER)
    assert left == ["When do you open on Sunday"]


async def test_who_writes_by_a_messenger_is_known_by_the_number_in_their_name(
    either: AsyncEngine,
) -> None:
    """The channel puts its name before it; the conversation itself may be deleted by now."""
    for name, number in (("chat", NUMBER), ("other", OTHER)):
        begun = replace(started(name, caller=f"whatsapp:{number}"), transport="webhook")
        said = turn(name, 1, heard=Heard(WORDS, None, 1.0, Mode.TEXT))
        await write(either, begun, said, ended(name, at=1010.0))
    forgetting = SqlForgetting(either)
    assert await forgetting.trace(NUMBER) == Traces(calls=1, turns=1)
    await forgetting.forget(NUMBER)
    assert (await forgetting.trace(NUMBER)).is_empty
    assert (await forgetting.trace(OTHER)).calls == 1
    async with either.connect() as connection:
        callers = (await connection.execute(select(calls.c.caller))).scalars().all()
    assert sorted(callers) == ["", f"whatsapp:{OTHER}"]


async def test_no_byte_is_left_in_the_database(engine: AsyncEngine, database_url: str) -> None:
    await fill(engine)
    folder = Path(database_url.removeprefix("sqlite:///")).parent
    assert all(secret in _bytes(folder) for secret in SECRETS)
    assert await forgotten(engine)
    kept = _bytes(folder)
    assert [secret for secret in SECRETS if secret in kept] == []
    assert "When do you open on Sunday" in kept


async def test_no_byte_is_left_in_tables_of_postgresql(postgres_socket: str) -> None:
    """Its log of changes, from which nobody can take anything, is not looked at."""
    url = new_database(postgres_socket, f"test_{uuid.uuid4().hex}")
    await upgrade(url)
    engine = open_database(url)
    try:
        await fill(engine)
        folder = Path(postgres_socket) / "data" / "base" / await _told(engine, _FOLDER)
        await _told(engine, "CHECKPOINT")
        assert all(secret in _bytes(folder) for secret in SECRETS)
        assert await forgotten(engine)
        await _told(engine, "CHECKPOINT")
        kept = _bytes(folder)
    finally:
        await engine.dispose()
    assert [secret for secret in SECRETS if secret in kept] == []
    assert "When do you open on Sunday" in kept


async def test_writing_tables_anew_may_take_longer_than_an_answer(postgres_socket: str) -> None:
    url = new_database(postgres_socket, f"test_{uuid.uuid4().hex}")
    await upgrade(url)
    hasty = open_database(url, patience_s=1e-6)
    try:
        assert await SqlForgetting(hasty).wiped(NUMBER, [])
    finally:
        await hasty.dispose()


_FOLDER = "SELECT oid::text FROM pg_database WHERE datname = current_database()"


async def _told(engine: AsyncEngine, statement: str) -> str:
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        result = await connection.execute(text(statement))
        return str(result.scalar_one()) if result.returns_rows else ""


async def test_nor_in_free_pages_from_before(engine: AsyncEngine, database_url: str) -> None:
    """What was deleted long ago, without being overwritten, and in a full-text table."""
    await fill(engine)
    file = Path(database_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE old (text)")
        connection.executemany(
            "INSERT INTO old VALUES (?)", [(f"{NUMBER} {WORDS} {'x' * 3000}",)] * 50
        )
        connection.execute("DROP TABLE old")
        connection.execute("CREATE VIRTUAL TABLE said USING fts5(text)")
        connection.execute("INSERT INTO said VALUES (?)", (f"x{NUMBER}",))
        connection.execute("DELETE FROM said")
    assert "15550104477" in _bytes(file.parent)
    assert await forgotten(engine)
    kept = _bytes(file.parent)
    assert [secret for secret in SECRETS if secret in kept] == []


async def test_what_others_said_is_told(engine: AsyncEngine) -> None:
    await fill(engine)
    await write(engine, *calls_of(OTHER, "four", words=f"ask {NUMBER}"))
    assert not await forgotten(engine)


async def test_the_sums_of_the_ledger_stay_even_when_they_are_counted_anew(
    engine: AsyncEngine,
) -> None:
    await fill(engine)
    ledger = SqlLedger(engine, Rules())
    await ledger.start()

    async def sums() -> object:
        return await ledger.sums(Span(0, 7200), {}, None, hourly=False, now=90 * 86_400.0)

    before = await sums()
    await SqlForgetting(engine).forget(NUMBER)
    assert await sums() == before
    await ledger.rebuild()
    assert await ledger.fold(90 * 86_400.0)
    assert await sums() == before


async def test_a_call_that_goes_on_is_left_alone(engine: AsyncEngine) -> None:
    await write(engine, *calls_of(NUMBER, "over"))
    await write(engine, started("on", at=2000.0, caller=NUMBER))
    forgetting = SqlForgetting(engine)
    assert (await forgetting.forget(NUMBER)).traces.going_on == 1
    assert await forgetting.trace(NUMBER) == Traces(going_on=1)


async def test_others_may_write_meanwhile(engine: AsyncEngine) -> None:
    await fill(engine)
    await asyncio.gather(
        forgotten(engine),
        *(write(engine, *calls_of(OTHER, f"c{number}", words="hello")) for number in range(5)),
    )
    assert (await SqlForgetting(engine).trace(OTHER)).calls == 6


@pytest.mark.parametrize("number", ["", "anonymous", "12", "' OR 1=1"])
async def test_only_numbers_are_looked_for(engine: AsyncEngine, number: str) -> None:
    with pytest.raises(UsageError, match="is no telephone number"):
        await SqlForgetting(engine).trace(number)


def test_every_table_is_looked_at() -> None:
    looked_at = {table.name for table, _ in Person(NUMBER).rows.values()} | {"calls"}
    assert looked_at | WITHOUT_PERSONS == set(metadata.tables)
    assert not looked_at & WITHOUT_PERSONS


def _bytes(folder: Path) -> str:
    return "".join(file.read_bytes().decode("latin-1") for file in sorted(folder.iterdir()))
