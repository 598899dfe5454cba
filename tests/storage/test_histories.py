"""A caller's contacts are found by number and by customer, newest first, through an index."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.back_and_forth import back_and_forth
from tests.storage.facts import answered, ended, noted, started
from voicebot.errors import StorageError
from voicebot.events import CallEvent
from voicebot.sessions.history import Contact, Histories
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.database import open_database
from voicebot.storage.history import SqlHistories
from voicebot.storage.journal import SqlJournal
from voicebot.types import CallId, Matter, Outcome

NUMBER = "+15550117"
RETURN = Matter("return", {"number": "1508", "asked": 2, "sure": True}, open=True)


async def _write(engine: AsyncEngine, *events: CallEvent) -> None:
    journal = SqlJournal(engine)
    await journal.start()
    for event in events:
        journal.append(event)
    await journal.stop()
    assert journal.stats.failed == 0


def _call(call: str, at: float, caller: str = NUMBER, *facts: CallEvent) -> list[CallEvent]:
    """A call that began at ``at`` and lasted ten seconds."""
    whole = [started(call, at=at, caller=caller), answered(call, at=at + 1), *facts]
    return [*whole, ended(call, at=at + 10)]


async def _ids(engine: AsyncEngine, since: float, until: float, limit: int = 20) -> list[str]:
    histories: Histories = SqlHistories(engine)
    found = await histories.by_number(NUMBER, since=since, until=until, limit=limit)
    return [contact.call_id for contact in found]


async def test_contacts_of_a_number_are_found_newest_first(engine: AsyncEngine) -> None:
    await _write(engine, *_call("a", 1000), *_call("b", 3000), *_call("c", 2000))
    await _write(engine, *_call("other", 2500, "+15550100"), *_call("hidden", 2600, "anonymous"))
    assert await _ids(engine, 0, 9000) == ["b", "c", "a"]
    assert await _ids(engine, 0, 9000, limit=2) == ["b", "c"]
    assert await _ids(engine, 2000, 9000) == ["b", "c"]


async def test_one_number_is_found_however_it_was_sent(engine: AsyncEngine) -> None:
    await _write(engine, *_call("a", 1000, "0015550117"), *_call("b", 2000, "+1 555 0117"))
    assert await _ids(engine, 0, 9000) == ["b", "a"]


async def test_a_call_of_ours_belongs_to_whom_we_called(engine: AsyncEngine) -> None:
    ours = replace(
        started("a", at=1000, caller="1000"), direction="outbound", callee=f"sip:{NUMBER}@x"
    )
    await _write(engine, ours, answered("a", at=1001), ended("a", at=1002))
    assert await _ids(engine, 0, 9000) == ["a"]


async def test_calls_that_run_or_were_never_answered_are_no_contacts(engine: AsyncEngine) -> None:
    runs: list[CallEvent] = [started("runs", at=1000, caller=NUMBER), answered("runs", at=1001)]
    refused: list[CallEvent] = [
        started("refused", at=1000, caller=NUMBER),
        ended("refused", at=1000),
    ]
    # 'until' is the time at which somebody wants to know.
    await _write(engine, *runs, *refused, *_call("later", 1995))
    assert await _ids(engine, 0, 2000) == []


async def test_the_matter_comes_back_as_it_was_noted(engine: AsyncEngine) -> None:
    first = Matter("order", {}, open=False)
    await _write(engine, *_call("a", 1000, NUMBER, noted("a", first), noted("a", RETURN, "17")))
    histories = SqlHistories(engine)
    found = await histories.by_number(NUMBER, since=0, until=9000, limit=20)
    assert found == (Contact(CallId("a"), 1000, Outcome.SELF_SERVED, RETURN),)
    record = await SqlCallArchive(engine).get_call(CallId("a"))
    assert record is not None
    assert (record.matter, record.customer) == (RETURN, "17")


async def test_a_customer_is_found_whatever_the_number(engine: AsyncEngine) -> None:
    await _write(engine, *_call("a", 1000, NUMBER, noted("a", None, "17")))
    await _write(engine, *_call("b", 2000, "anonymous", noted("b", RETURN, "17")))
    await _write(engine, *_call("c", 3000, NUMBER, noted("c", RETURN, "18")))
    found = await SqlHistories(engine).by_customer("17", since=0, until=9000, limit=20)
    assert [contact.call_id for contact in found] == ["b", "a"]
    assert [contact.matter for contact in found] == [RETURN, None]


async def test_a_call_that_was_cut_off_by_a_kill_keeps_its_matter(engine: AsyncEngine) -> None:
    facts: list[CallEvent] = [
        started("a", at=1000, caller=NUMBER),
        answered("a", at=1001),
        noted("a", RETURN),
    ]
    await _write(engine, *facts)
    await _write(engine)  # the next process closes what the last one left open
    (contact,) = await SqlHistories(engine).by_number(NUMBER, since=0, until=9000, limit=20)
    assert (contact.outcome, contact.matter) == (Outcome.FAILED, RETURN)


async def test_a_look_up_goes_by_the_index(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        for column in ("number", "customer"):
            plan = await connection.execute(
                text(
                    f"EXPLAIN QUERY PLAN SELECT * FROM calls WHERE {column} = 'x' AND started_at"
                    " >= 1 AND ended_at <= 2 AND answered_at IS NOT NULL ORDER BY started_at DESC"
                )
            )
            steps = [row[3] for row in plan]
            assert len(steps) == 1, "nothing is sorted"
            assert f"ix_calls_{column}_started_at" in steps[0]


async def test_a_database_that_is_away_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("empty")
    engine = open_database(f"sqlite:///{folder}/calls.db")
    with pytest.raises(StorageError, match="cannot be read"):
        await SqlHistories(engine).by_number(NUMBER, since=0, until=1, limit=1)
    await engine.dispose()


async def test_the_migration_fills_numbers_in_and_goes_back(engine: AsyncEngine) -> None:
    await _write(engine, *_call("a", 1000), *_call("b", 2000, "alice"))
    async with engine.begin() as connection:
        await connection.run_sync(back_and_forth, "0006", _without_numbers)
    assert await _ids(engine, 0, 9000) == ["a"]


def _without_numbers(connection: Connection) -> None:
    columns = {column["name"] for column in inspect(connection).get_columns("calls")}
    assert columns.isdisjoint({"number", "matter", "matter_details", "matter_open", "customer"})
