"""The journal writes facts in order, waits out a locked database, and counts what it loses."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tests.storage.facts import ORDER, answered, ended, noted, recorded, started, turn
from voicebot.errors import StorageError
from voicebot.events import CallEvent, QueueNoted
from voicebot.sessions.records import CallRecord, Journal
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.database import WRITES, open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.schema import calls
from voicebot.types import CallId, Json, Matter, Outcome


async def _write(engine: AsyncEngine, *events: CallEvent) -> SqlJournal:
    journal = SqlJournal(engine)
    as_sessions_see_it: Journal = journal
    await journal.start()
    for event in events:
        as_sessions_see_it.append(event)
    await journal.stop()
    return journal


async def _read(engine: AsyncEngine, call: str) -> CallRecord:
    record = await SqlCallArchive(engine).get_call(CallId(call))
    assert record is not None
    return record


async def test_a_call_is_written_with_its_turns(engine: AsyncEngine) -> None:
    journal = await _write(
        engine,
        started("a"),
        answered("a"),
        turn("a", 1),
        turn("a", 2, heard=ORDER),
        ended("a", outcome=Outcome.TRANSFERRED),
    )
    record = await _read(engine, "a")
    assert (record.answered_at, record.ended_at) == (1_001.0, 1_060.0)
    assert (record.outcome, record.reason) == (Outcome.TRANSFERRED, "goodbye")
    assert [spoken.heard for spoken in record.turns] == [None, ORDER]
    assert journal.stats.written == 5
    assert journal.stats.dropped == journal.stats.failed == 0


async def test_a_call_knows_its_recording(engine: AsyncEngine) -> None:
    journal = await _write(engine, started("a"), recorded("a"), started("b"), recorded("never"))
    assert (await _read(engine, "a")).recording == "2026-11-21/a.wav"
    assert (await _read(engine, "b")).recording is None
    assert journal.stats.failed == 1  # of a call that nobody has begun


async def test_facts_of_many_calls_keep_their_order(engine: AsyncEngine) -> None:
    journal = SqlJournal(engine, batch=7)
    await journal.start()
    for call in range(20):
        journal.append(started(str(call)))
    for index in range(1, 6):
        for call in range(20):
            journal.append(turn(str(call), index))
    for call in range(20):
        journal.append(ended(str(call)))
    await journal.stop()
    assert journal.stats.written == 20 + 100 + 20
    for call in range(20):
        record = await _read(engine, str(call))
        assert [spoken.index for spoken in record.turns] == [1, 2, 3, 4, 5]
        assert record.outcome is Outcome.SELF_SERVED


async def test_a_turn_can_be_read_while_the_call_runs(engine: AsyncEngine) -> None:
    journal = SqlJournal(engine)
    await journal.start()
    journal.append(started("a"))
    journal.append(turn("a", 1))
    await journal.flush()
    record = await _read(engine, "a")
    assert len(record.turns) == 1
    assert record.outcome is None
    await journal.stop()


async def test_semantics_keep_their_type(engine: AsyncEngine) -> None:
    meanings: list[Json] = [
        None,
        True,
        3,
        0.5,
        "x",
        ["a", {"b": None}],
        {"order": "0042", "grüße": "好"},
    ]
    turns = [turn("a", n, heard=replace(ORDER, semantics=m)) for n, m in enumerate(meanings)]
    await _write(engine, started("a"), *turns)
    read = [spoken.heard for spoken in (await _read(engine, "a")).turns]
    assert [heard.semantics for heard in read if heard] == meanings


async def test_a_call_whose_process_was_killed_is_closed_at_the_next_start(
    engine: AsyncEngine,
) -> None:
    await _write(
        engine,
        started("ringing", at=50.0),
        started("answered", at=50.0),
        answered("answered", at=52.0),
        started("talking", at=50.0),
        turn("talking", 1, at=70.0),
        started("over", at=50.0),
        ended("over", at=60.0),
    )
    journal = SqlJournal(engine)
    assert await journal.start() == 3
    await journal.stop()
    for call, at in (("ringing", 50.0), ("answered", 52.0), ("talking", 70.0)):
        record = await _read(engine, call)
        assert (record.outcome, record.ended_at) == (Outcome.FAILED, at)
        assert record.reason == "voicebot stopped during the call"
    assert (await _read(engine, "over")).outcome is Outcome.SELF_SERVED


async def test_a_full_queue_drops_turns_before_ends_and_counts_them(engine: AsyncEngine) -> None:
    journal = SqlJournal(engine, capacity=10)
    await journal.start()
    journal.append(started("a"))
    for index in range(1, 12):
        journal.append(turn("a", index))
    journal.append(ended("a"))
    journal.append(ended("b"))
    assert (journal.stats.waiting, journal.stats.dropped) == (10, 4)
    await journal.stop()
    record = await _read(engine, "a")
    assert len(record.turns) == 8
    assert record.outcome is Outcome.SELF_SERVED


async def test_facts_wait_while_another_process_holds_the_lock(
    engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.storage.database.BUSY_TIMEOUT_S", 0.0)
    writer_engine = open_database(database_url)
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        assert "locked" in journal.stats.problem
        if len(pauses) == 8:
            await lock.rollback()

    journal = SqlJournal(writer_engine, sleep=sleep)
    await journal.start()
    lock = await _lock(engine)
    journal.append(started("a"))
    await journal.flush()
    await lock.close()
    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert journal.stats.retries == 8
    assert journal.stats.problem == ""
    assert journal.stats.written == 1
    await journal.stop()
    await writer_engine.dispose()


async def test_facts_that_cannot_be_flushed_in_time_are_counted_as_dropped(
    engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.storage.database.BUSY_TIMEOUT_S", 0.0)
    writer_engine = open_database(database_url)
    asleep = asyncio.Event()

    async def sleep_for_good(_seconds: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    journal = SqlJournal(writer_engine, sleep=sleep_for_good)
    await journal.start()
    lock = await _lock(engine)
    journal.append(started("a"))
    await asleep.wait()
    await journal.stop(timeout_s=0)
    await lock.close()
    assert (journal.stats.waiting, journal.stats.dropped, journal.stats.written) == (0, 1, 0)
    await writer_engine.dispose()


async def test_a_fact_that_can_never_be_written_does_not_take_its_neighbours_along(
    engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    unwritable = replace(ORDER, text="four \ud800 two")
    journal = await _write(
        engine,
        started("a"),
        turn("a", 1, heard=unwritable),
        turn("nobody", 1),
        answered("nobody"),
        turn("a", 2, heard=ORDER),
        ended("a"),
    )
    record = await _read(engine, "a")
    assert [spoken.index for spoken in record.turns] == [2]
    assert record.outcome is Outcome.SELF_SERVED
    assert (journal.stats.written, journal.stats.failed) == (3, 3)
    assert "four" not in caplog.text


async def test_the_same_facts_twice_make_one_record(engine: AsyncEngine) -> None:
    facts: list[CallEvent] = [started("a"), answered("a"), turn("a", 1, heard=ORDER), ended("a")]
    await _write(engine, *facts, *facts)
    record = await _read(engine, "a")
    assert len(record.turns) == 1


async def test_a_fact_after_the_stop_is_counted_not_raised(engine: AsyncEngine) -> None:
    journal = await _write(engine, started("a"))
    journal.append(ended("a"))
    await journal.stop()
    assert journal.stats.dropped == 1


async def test_a_database_without_tables_is_told_at_the_start(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(StorageError, match="no such table"):
        await SqlJournal(engine).start()
    await engine.dispose()


async def _lock(engine: AsyncEngine) -> AsyncConnection:
    connection = await engine.execution_options(**WRITES).connect()
    await connection.execute(text("DELETE FROM turns"))
    return connection


async def test_facts_of_a_call_in_one_batch_end_as_if_they_came_one_by_one(
    either: AsyncEngine,
) -> None:
    matter, other = Matter("order", {"number": "1"}, True), Matter("return", {}, False)
    queued = QueueNoted(CallId("a"), 1_005.0, "support", 12.5)
    taken = QueueNoted(CallId("a"), 1_006.0, "returns", None, "anna", 30.0)
    facts = (
        started("a"),
        noted("a", matter, "c-1"),
        turn("a", 1),
        queued,
        noted("a", other),
        answered("a"),
        taken,
        turn("a", 2, heard=ORDER),
        started("b"),
        ended("never"),
        recorded("never"),
        ended("a"),
    )
    journal = await _write(either, *facts)
    assert (journal.stats.written, journal.stats.failed) == (10, 2)
    record = await _read(either, "a")
    assert (record.matter, record.customer) == (other, "")
    assert [spoken.heard for spoken in record.turns] == [None, ORDER]
    assert (record.outcome, record.recording) == (Outcome.SELF_SERVED, None)
    async with either.connect() as connection:
        row = (await connection.execute(select(calls).where(calls.c.id == "a"))).mappings().one()
    assert (row["queue"], row["waited_s"], row["agent"]) == ("returns", 12.5, "anna")
    assert (await _read(either, "b")).ended_at is None
