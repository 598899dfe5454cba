"""Sees to it that what was deleted is no longer in the database's files.

SQLite leaves deleted rows in free pages and in its write-ahead log, and full-text tables leave the
words in old segments. The log is emptied into the file and cut off, full-text tables are merged;
where the bytes still stand in the file it is written anew (VACUUM), which other writers wait for.
PostgreSQL: dead rows go with VACUUM; its own log and backups are its administrator's.
"""

from __future__ import annotations

import asyncio
import mmap
import re
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.errors import StorageError
from voicebot.storage.database import BUSY_TIMEOUT_S, describe, sqlite_file

TRIES: Final = 20
"""How often the log is tried to be emptied while somebody reads from it."""
PAUSE_S: Final = 0.25


async def wiped(engine: AsyncEngine, number: str, texts: Sequence[str]) -> bool:
    """Wipe what was deleted; whether ``number`` no longer stands in the files. ``texts`` are some
    of the words that must be gone too, unless somebody else said the same. Raises StorageError."""
    file = sqlite_file(engine.url.render_as_string(hide_password=False))
    try:
        if file is not None:
            return await asyncio.to_thread(_wipe_sqlite, file, number, texts)
        autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
        async with autocommit.connect() as connection:
            await connection.execute(text("VACUUM"))
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StorageError(f"deleted records cannot be wiped: {describe(error)}") from None
    return True


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
    """Whether the bytes of one of ``texts`` stand anywhere in ``file``."""
    if not file.is_file() or not file.stat().st_size:
        return False
    wanted = re.compile(b"|".join(re.escape(each.encode()) for each in texts))
    with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return wanted.search(data) is not None
