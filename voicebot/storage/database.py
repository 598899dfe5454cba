"""Opens voicebot's own database: SQLite in WAL mode by default, PostgreSQL by URL.

SQLite runs with ``synchronous=NORMAL``. In WAL mode that hands every commit to the operating system
before the commit returns, so a killed process loses nothing that was committed; only a loss of
power may take the last commits with it, and never the database's integrity.

pysqlite's own handling of transactions is switched off (it would commit before each statement of a
migration); `BEGIN` is sent here instead. Writers ask for `WRITES`, which takes the lock at the
beginning, where SQLite waits for it, and not half-way, where it fails.

PostgreSQL runs without its just-in-time compiler.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
import structlog
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from voicebot.errors import StorageError

log = structlog.get_logger(__name__)

WRITES: Mapping[str, Any] = {"sqlite_begin": "IMMEDIATE"}
"""Execution options of a connection that is going to write."""

BUSY_TIMEOUT_S = 5.0
"""How long SQLite waits for another process's lock before 'database is locked'."""

SERVER_PATIENCE_S = 30.0
"""How long a server waits for one answer of PostgreSQL."""

_CONNECT_WITHIN_S = 10.0
_MODE_PAUSE_S = 0.02

_ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


def open_database(url: str, *, patience_s: float | None = None) -> AsyncEngine:
    """Make the engine for ``url``; connections are opened as they are needed.

    ``patience_s`` bounds each statement on PostgreSQL, whose machine may vanish without a word; for
    as long as it is silent a server would otherwise seem well. None waits for as long as it takes,
    as a migration must.

    A plain ``sqlite://`` or ``postgresql://`` gets its asynchronous driver. The folder of an SQLite
    file is made. Raises StorageError for a URL that names no database we can open.
    """
    parsed = _parse(url)
    try:
        # Parameters are what callers said: they stay out of error texts.
        engine = create_async_engine(
            parsed,
            hide_parameters=True,
            pool_pre_ping=not _lite(parsed),
            connect_args=_patience(parsed, patience_s),
        )
    except ImportError as error:
        raise StorageError(
            f"database {shown(parsed)} needs the package '{error.name}'; install it beside voicebot"
        ) from None
    except SQLAlchemyError as error:
        raise StorageError(
            f"database {shown(parsed)} cannot be opened: {describe(error)}"
        ) from None
    if _lite(parsed):
        _make_folder(parsed)
        _tune_sqlite(engine)
    else:
        _tune_postgresql(engine)
    return engine


async def close_database(engine: AsyncEngine, within_s: float = 5.0) -> None:
    """Close its connections; at most ``within_s`` are left for the goodbyes to a PostgreSQL that
    says nothing any more."""
    try:
        async with asyncio.timeout(within_s):
            await engine.dispose()
    except TimeoutError:
        log.warning("database_not_closed", problem="the database does not answer")


@asynccontextmanager
async def reading(engine: AsyncEngine, what: str) -> AsyncIterator[AsyncConnection]:
    """A connection to read ``what`` ('call records') with. What the database raises meanwhile comes
    out as StorageError."""
    try:
        async with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise StorageError(f"{what} cannot be read: {describe(error)}") from None


@asynccontextmanager
async def writing(engine: AsyncEngine, what: str) -> AsyncIterator[AsyncConnection]:
    """The same for one change of ``what``: whole at the end, or not at all."""
    try:
        async with engine.execution_options(**WRITES).begin() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise StorageError(f"{what} cannot be written: {describe(error)}") from None


def shown(url: URL) -> str:
    """``url`` as people may see it: without its password."""
    return url.render_as_string(hide_password=True)


def describe(error: BaseException) -> str:
    """Say in one line what the driver complained about, without SQL and without parameters."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, TimeoutError) and not str(cause):
        return "the database does not answer"
    return str(cause).partition("\n")[0] or type(cause).__name__


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text is not repeated: it may hold a password.
        raise StorageError(
            "the database URL cannot be read; it looks like sqlite:///calls.db "
            "or postgresql://user:password@host/name"
        ) from None
    backend = parsed.drivername.partition("+")[0]
    if backend not in _ASYNC_DRIVERS:
        raise StorageError(
            f"database {shown(parsed)}: voicebot keeps its records in sqlite or postgresql"
        )
    return parsed.set(drivername=_ASYNC_DRIVERS.get(parsed.drivername, parsed.drivername))


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database; None for any other. Raises StorageError as above."""
    parsed = _parse(url)
    return Path(parsed.database) if _lite(parsed) and parsed.database else None


def _patience(url: URL, patience_s: float | None) -> dict[str, float]:
    """What the driver is told of it."""
    if patience_s is None or url.drivername != "postgresql+asyncpg":
        return {}
    return {"command_timeout": patience_s, "timeout": min(patience_s, _CONNECT_WITHIN_S)}


def _lite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _make_folder(url: URL) -> None:
    if url.database and url.database != ":memory:" and not url.database.startswith("file:"):
        folder = Path(url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"the folder {folder} of the database cannot be made: {error.strerror}"
            ) from None


def _tune_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={int(BUSY_TIMEOUT_S * 1000)}",
            "synchronous=NORMAL",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.run_async(_write_ahead)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")


def _tune_postgresql(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.run_async(_without_jit)

    @event.listens_for(engine.sync_engine, "before_cursor_execute", retval=True)
    def without_nul(
        _connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool
    ) -> tuple[str, Any]:
        return statement, [_storable(row) for row in values] if many else _storable(values)


def _storable(values: Sequence[Any]) -> tuple[Any, ...]:
    """PostgreSQL keeps no NUL in a text. A caller's name or message with one would otherwise cost
    the record of the whole call."""
    return tuple(
        value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value
        for value in values
    )


async def _without_jit(connection: Any) -> None:
    """Have statements run as they are. Those of the ledger are wide and touch few rows: PostgreSQL
    took seconds to compile what it then did in milliseconds. (Before version 11 it knows no JIT.)
    Not told when the connection is made: a pooler in between may refuse what it does not know."""
    await connection.execute(
        "SELECT set_config('jit', 'off', false) FROM pg_settings WHERE name = 'jit'"
    )


async def _write_ahead(connection: aiosqlite.Connection) -> None:
    """Have the file in WAL mode, waiting for others that are just making it.

    A change of mode is the one lock for which SQLite does not use its busy timeout: two servers
    that open a new file at once would otherwise meet here.
    """
    clock = asyncio.get_running_loop().time
    end = clock() + BUSY_TIMEOUT_S
    while True:
        try:
            async with connection.execute("PRAGMA journal_mode=WAL"):
                return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or clock() >= end:
                raise
        await asyncio.sleep(_MODE_PAUSE_S)
