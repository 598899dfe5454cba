"""Copies of a PostgreSQL database, by its own programs; SQLite's: ``tests/test_backup.py``."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.storage.postgres import new_database, program
from tests.storage.test_forgetting import WORDS, fill
from voicebot.errors import StorageError
from voicebot.storage.copies import checked, copy_database, is_there, put_back
from voicebot.storage.database import open_database
from voicebot.storage.migrations import newest_revision, upgrade
from voicebot.storage.schema import turns


async def _fill(url: str) -> None:
    await upgrade(url)
    engine = open_database(url)
    await fill(engine)
    await engine.dispose()


async def _said(url: str) -> list[str]:
    engine = open_database(url)
    async with engine.connect() as connection:
        found = (await connection.execute(select(turns.c.heard_text))).scalars().all()
    await engine.dispose()
    return list(found)


def test_a_dump_comes_back_in_another_database(postgres_socket: str, tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        program("pg_dump")
        pytest.skip("pg_dump is not on the path")
    one, two = (new_database(postgres_socket, f"copy_{uuid.uuid4().hex}") for _ in range(2))
    asyncio.run(_fill(one))
    assert is_there(one)
    assert not is_there(two)
    copy = tmp_path / "database"
    assert copy_database(one, copy) == newest_revision()
    for _ in range(2):  # also over one that is there
        assert put_back(two, copy, "before") is None
        assert asyncio.run(_said(two)).count(WORDS) == 2
    copy.write_bytes(b"no dump")
    with pytest.raises(StorageError, match="pg_restore failed"):
        put_back(two, copy, "before")
    assert asyncio.run(_said(two)).count(WORDS) == 2


def test_a_damaged_copy_is_no_copy(tmp_path: Path) -> None:
    copy = tmp_path / "database"
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.executescript(
            "CREATE TABLE alembic_version (version_num); CREATE TABLE a (b);"
            " CREATE INDEX every_b ON a (b); INSERT INTO a VALUES (1), (1);"
        )
        connection.execute("INSERT INTO alembic_version VALUES (?)", (newest_revision(),))
    assert checked(copy) == newest_revision()
    with closing(sqlite3.connect(copy)) as connection, connection:
        # The index says now that no value stands twice, which is not so.
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, 'INDEX', 'UNIQUE INDEX')")
    with pytest.raises(StorageError, match="is damaged: non-unique entry"):
        checked(copy)


def test_without_its_programs_it_is_said_what_to_install(
    postgres_socket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database(postgres_socket, f"copy_{uuid.uuid4().hex}")
    asyncio.run(upgrade(url))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StorageError, match=r"'pg_dump', which is not installed here \(Debian"):
        copy_database(url, tmp_path / "database")
