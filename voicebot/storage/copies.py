"""Whole copies of the database: made while it is in use, and put back.

SQLite is copied by its own backup API in one step: in WAL mode that is a reader like any other,
which sees one moment and holds nobody up. PostgreSQL is dumped and read back by its own programs,
``pg_dump`` and ``pg_restore``, where they are installed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final, Literal, TypeAlias

from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from voicebot.errors import StorageError
from voicebot.storage.database import BUSY_TIMEOUT_S, describe, open_database, reading, sqlite_file
from voicebot.storage.migrations import known_revisions

DatabaseKind: TypeAlias = Literal["sqlite", "postgresql"]

_WITH_IT: Final = ("-wal", "-shm")
"""What SQLite keeps beside its file."""


def kind_of(url: str) -> DatabaseKind:
    """Which database ``url`` names. Raises StorageError for one that we cannot open."""
    return "sqlite" if sqlite_file(url) is not None else "postgresql"


def copy_database(url: str, target: Path) -> str:
    """Write a copy of the database as of one moment into the new file ``target``; gives its
    revision. Raises StorageError."""
    file = sqlite_file(url)
    if file is None:
        revision = asyncio.run(_revision(url))
        _run("pg_dump", url, "--format=custom", "--no-owner", f"--file={target}")
        return revision
    if not file.is_file():
        raise StorageError(f"there is no database {file} to copy")
    try:
        with (
            closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT_S)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            # One file, without a log beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise StorageError(f"the database {file} cannot be copied: {describe(error)}") from None
    return checked(target)


def checked(file: Path) -> str:
    """The revision of an SQLite copy that is whole. Raises StorageError for one that is not, or
    that a newer voicebot has written."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
            (revision,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise StorageError(f"the copy of the database cannot be read: {describe(error)}") from None
    if verdict != "ok":
        raise StorageError(f"the copy of the database is damaged: {verdict}")
    must_be_known(revision)
    return str(revision)


def must_be_known(revision: str) -> None:
    """Raises StorageError for the revision of a newer voicebot."""
    if revision not in known_revisions():
        raise StorageError(
            f"the copy was written by a newer voicebot (revision {revision[:20]}); restore it with"
            " that version"
        )


def is_there(url: str) -> bool:
    """Whether there is a database of ours that a restored one would take the place of. Raises
    StorageError."""
    file = sqlite_file(url)
    return file.exists() if file is not None else asyncio.run(_has_tables(url))


def put_back(url: str, copy: Path, aside: str) -> Path | None:
    """Put a copy in the database's place. Gives where an SQLite file that was there lies now: its
    name with ``aside`` behind it. Raises StorageError, also while somebody uses the database."""
    file = sqlite_file(url)
    if file is None:
        replace = ("--clean", "--if-exists", "--no-owner", "--single-transaction")
        _run("pg_restore", url, *replace, str(copy))
        return None
    moved = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            _must_be_unused(file)
            moved = file.with_name(f"{file.name}.{aside}")
            file.rename(moved)
        for ending in _WITH_IT:
            file.with_name(f"{file.name}{ending}").unlink(missing_ok=True)
        shutil.move(copy, file)
    except OSError as error:
        raise StorageError(f"the database {file} cannot be replaced: {error.strerror}") from None
    return moved


def _must_be_unused(file: Path) -> None:
    """Leaving WAL mode takes the whole file: it fails while anybody has it open. What is in the log
    comes into the file."""
    try:
        with closing(sqlite3.connect(file, timeout=1.0)) as connection:
            (mode,) = connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.DatabaseError as error:
        if not isinstance(error, sqlite3.OperationalError):
            return  # no database at all: it is put aside like one
        mode = str(error)
    if mode != "delete":
        raise StorageError(f"the database {file} is in use; stop voicebot first")


async def _revision(url: str) -> str:
    engine = open_database(url)
    try:
        async with reading(engine, "the database") as connection:
            found = await connection.execute(text("SELECT version_num FROM alembic_version"))
            return str(found.scalar_one())
    finally:
        await engine.dispose()


async def _has_tables(url: str) -> bool:
    engine = open_database(url)
    try:
        async with reading(engine, "the database") as connection:
            return await connection.run_sync(lambda sync: inspect(sync).has_table("calls"))
    finally:
        await engine.dispose()


def _run(program: str, url: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's on ``url``; its password goes by the environment, which other
    users of the machine cannot see. Raises StorageError."""
    if shutil.which(program) is None:
        raise StorageError(
            f"a PostgreSQL database takes '{program}', which is not installed here"
            " (Debian: postgresql-client); or use your own copies of PostgreSQL"
        )
    parsed = make_url(url).set(drivername="postgresql")
    environment = {**os.environ, **({"PGPASSWORD": parsed.password} if parsed.password else {})}
    place = parsed.set(password=None).render_as_string(hide_password=False)
    command = [program, f"--dbname={place}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        problem = (done.stderr.strip().splitlines() or ["it does not say why"])[0]
        raise StorageError(f"{program} failed: {problem[:300]}")
