"""Opening the database: SQLite is tuned, and a bad URL is told in a sentence."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.errors import StorageError
from voicebot.storage.database import open_database


async def test_sqlite_survives_a_killed_process_and_checks_foreign_keys(
    engine: AsyncEngine,
) -> None:
    async with engine.connect() as connection:
        pragmas = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 1,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


async def test_a_reader_does_not_wait_for_a_writer(engine: AsyncEngine) -> None:
    async with engine.execution_options(sqlite_begin="IMMEDIATE").connect() as writer:
        await writer.execute(text("DELETE FROM turns"))
        async with engine.connect() as reader:
            assert (await reader.execute(text("SELECT count(*) FROM turns"))).scalar_one() == 0


async def test_a_new_file_that_another_is_writing_to_is_waited_for(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "calls.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    engine = open_database(f"sqlite:///{tmp_path}/calls.db")
    opening = asyncio.create_task(_journal_mode(engine))
    done, _ = await asyncio.wait({opening}, timeout=0.2)
    assert not done
    other.execute("ROLLBACK")
    other.close()
    assert await opening == "wal"
    await engine.dispose()


async def _journal_mode(engine: AsyncEngine) -> str:
    async with engine.connect() as connection:
        return str((await connection.execute(text("PRAGMA journal_mode"))).scalar_one())


def test_a_plain_url_gets_its_asynchronous_driver(tmp_path: Path) -> None:
    assert open_database(f"sqlite:///{tmp_path}/x.db").url.drivername == "sqlite+aiosqlite"


@pytest.mark.parametrize(
    "url, said",
    [
        ("calls.db", "looks like sqlite:///calls.db"),
        ("mysql://bot:secret@db/calls", "sqlite or postgresql"),
        ("sqlite+pysqlite:///calls.db", "cannot be opened"),
        ("postgresql+nosuch://bot:secret@db/calls", "cannot be opened"),
        ("sqlite:////dev/null/calls.db", "cannot be made"),
    ],
)
def test_a_url_we_cannot_open_is_told_without_its_password(url: str, said: str) -> None:
    with pytest.raises(StorageError) as caught:
        open_database(url)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
