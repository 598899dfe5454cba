"""What a database complains of: bad luck that passes, or a fact that can never be written."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from tests.storage.facts import ended, started, turn
from tests.storage.postgres import new_database
from voicebot.errors import StorageError
from voicebot.storage.database import close_database, open_database, reading
from voicebot.storage.journal import SqlJournal
from voicebot.storage.migrations import upgrade
from voicebot.storage.outages import is_outage
from voicebot.storage.schema import calls
from voicebot.types import Heard, Mode

_READ_ONLY = "ALTER DATABASE {name} SET default_transaction_read_only = {state}"


class _Complaint(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("words of the server")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "passes"),
    [
        ("57P03", True),  # the server is starting
        ("57P01", True),  # and stopping
        ("53300", True),  # no connection left
        ("53100", True),  # the disk is full
        ("25006", True),  # a standby
        ("40P01", True),  # a deadlock
        ("42501", True),  # a right was taken away
        ("22021", False),  # a character that cannot be kept
        ("23502", False),  # a value is missing
        ("42703", False),  # no such column
        ("", False),
    ],
)
def test_the_sqlstate_says_whether_a_fact_may_go_through_later(sqlstate: str, passes: bool) -> None:
    assert is_outage(DBAPIError("INSERT", None, _Complaint(sqlstate))) is passes


async def test_facts_wait_while_postgresql_only_lets_us_read(postgres_socket: str) -> None:
    name = f"test_{uuid.uuid4().hex}"
    url = new_database(postgres_socket, name)
    await upgrade(url)
    engine, operator = open_database(url), open_database(url)
    problems: list[str] = []

    async def sleep(_seconds: float) -> None:
        problems.append(journal.stats.problem)
        if len(problems) == 2:
            await _set_read_only(operator, name, "off")
            await engine.dispose()

    journal = SqlJournal(engine, sleep=sleep)
    await journal.start()
    await _set_read_only(operator, name, "on")
    await engine.dispose()
    for fact in (started("a"), turn("a", 1), ended("a")):
        journal.append(fact)
    await journal.flush()
    assert problems == ["cannot execute INSERT in a read-only transaction"] * 2
    assert (journal.stats.written, journal.stats.failed) == (3, 0)
    await journal.stop()
    await engine.dispose()
    await operator.dispose()


async def _set_read_only(operator: AsyncEngine, name: str, state: str) -> None:
    """For the connections that are made from now on."""
    async with operator.connect() as connection:
        await connection.execute(text("SET TRANSACTION READ WRITE"))
        await connection.execute(text(_READ_ONLY.format(name=name, state=state)))
        await connection.commit()


async def test_a_postgresql_that_falls_silent_is_given_up(postgres_socket: str) -> None:
    name = f"test_{uuid.uuid4().hex}"
    engine = open_database(new_database(postgres_socket, name), patience_s=0.2)
    with pytest.raises(StorageError) as failed:
        async with reading(engine, "call records") as connection:
            await connection.execute(text("SELECT pg_sleep(60)"))
    assert str(failed.value) == "call records cannot be read: the database does not answer"
    async with reading(engine, "call records") as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    await engine.dispose()


async def test_a_postgresql_that_never_greets_is_given_up() -> None:
    kept: list[asyncio.StreamWriter] = []
    mute = await asyncio.start_server(lambda _reader, writer: kept.append(writer), "127.0.0.1")
    port = mute.sockets[0].getsockname()[1]
    engine = open_database(f"postgresql://bot@127.0.0.1:{port}/calls", patience_s=0.2)
    with pytest.raises(StorageError, match="the database does not answer"):
        async with reading(engine, "call records"):
            raise AssertionError("it was silent")
    await engine.dispose()
    for writer in kept:
        writer.close()
    mute.close()
    await mute.wait_closed()


async def test_a_caller_with_a_nul_in_the_name_is_kept(either: AsyncEngine) -> None:
    journal = SqlJournal(either)
    await journal.start()
    heard = Heard("four\0two", {"order": "42\0"}, 0.9, Mode.TEXT, "order_number")
    for fact in (started("a", caller="ali\0ce"), turn("a", 1, heard=heard), ended("a")):
        journal.append(fact)
    await journal.flush()
    assert (journal.stats.written, journal.stats.failed) == (3, 0)
    await journal.stop()
    async with reading(either, "call records") as connection:
        (caller,) = (await connection.execute(select(calls.c.caller))).scalars()
    assert caller in ("ali\0ce", "ali\ufffdce")


async def test_goodbyes_to_a_silent_postgresql_are_cut_short(
    postgres_socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(new_database(postgres_socket, f"test_{uuid.uuid4().hex}"))
    async with engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None

    async def say_nothing(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(type(raw), "close", say_nothing)
    with capture_logs() as logged:
        async with asyncio.timeout(30):
            await close_database(engine, within_s=0.05)
    assert [line["event"] for line in logged] == ["database_not_closed"]
    raw.terminate()
