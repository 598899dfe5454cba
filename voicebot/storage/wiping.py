"""Sees to it that what was deleted is no longer in the database's files.

SQLite leaves deleted rows in free pages and in its write-ahead log, and full-text tables leave the
words in old segments. The log is emptied into the file and cut off, full-text tables are merged;
where the bytes still stand in the file it is written anew (VACUUM), which other writers wait for.
PostgreSQL leaves them in the pages too, also after a plain VACUUM: the tables are written anew,
with their indexes and statistics. Its own log and backups are its administrator's.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.errors import StorageError
from voicebot.storage.database import BUSY_TIMEOUT_S, describe, open_database, sqlite_file

TRIES: Final = 20
"""How often the log is tried to be emptied while somebody reads from it."""
PAUSE_S: Final = 0.25
_BLOCK: Final = 4 * 2**20


async def wiped(
    engine: AsyncEngine, number: str, texts: Sequence[str], tables: Collection[str]
) -> bool:
    """Wipe what was deleted from ``tables``; whether ``number`` no longer stands in the files.
    ``texts`` are some of the words that must be gone too, unless somebody else said the same.
    Raises StorageError."""
    file = sqlite_file(engine.url.render_as_string(hide_password=False))
    try:
        if file is not None:
            return await asyncio.to_thread(_wipe_sqlite, file, number, texts)
        await _write_anew(engine, tables)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StorageError(f"deleted records cannot be wiped: {describe(error)}") from None
    return True


async def _write_anew(engine: AsyncEngine, tables: Collection[str]) -> None:
    """By connections of its own: a large table takes longer than a server waits for an answer."""
    patient = open_database(engine.url.render_as_string(hide_password=False))
    try:
        async with patient.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            for table in tables:
                await connection.execute(text(f'VACUUM (FULL, ANALYZE) "{table}"'))
    finally:
        await patient.dispose()


def _wipe_sqlite(file: Path, number: str, texts: Sequence[str]) -> bool:
    with closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        for table in _full_text_tables(connection):
            connection.execute(f'INSERT INTO "{table}"("{table}") VALUES (\'optimize\')')
        _empty_log(connection)
        if holds(file, [number, *texts]):
            connection.execute("VACUUM")
            _empty_log(connection)
    log = file.with_name(f"{file.name}-wal")
    return not any(holds(each, [number]) for each in (file, log))


def _full_text_tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%using fts5%'"
    )
    return [name for (name,) in found]


def _empty_log(connection: sqlite3.Connection) -> None:
    """Raises StorageError where somebody reads all the time."""
    for _ in range(TRIES):
        busy, _pages, _moved = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return
        time.sleep(PAUSE_S)
    raise StorageError(
        "the write-ahead log cannot be emptied while others read; try again when it is quiet"
    )


def holds(file: Path, texts: Sequence[str]) -> bool:
    """Whether the bytes of one of ``texts`` stand anywhere in ``file``; not where it is gone."""
    needles = [each.encode() for each in texts]
    wanted = re.compile(b"|".join(map(re.escape, needles)))
    overlap = max(map(len, needles)) - 1
    # Read, not mapped: a file that is cut off meanwhile would end the process.
    try:
        with file.open("rb") as handle:
            tail = b""
            while block := handle.read(_BLOCK):
                if wanted.search(tail + block) is not None:
                    return True
                tail = (tail + block)[-overlap:] if overlap else b""
    except FileNotFoundError:
        pass
    return False
