"""SQL actions: one statement on a named database, through SQLAlchemy's async engine.

Arguments reach the statement as typed bind parameters only. A statement runs in a transaction of
its own: a reading one on a connection that refuses to write where the database can (SQLite,
PostgreSQL) and is rolled back everywhere; one that changes data is committed. A lost answer does
not tell whether that happened, so it is tried again only where the statement uses its key
(``:idempotency_key``). Left out on purpose: several statements in one action, and stored results; a
view or a function in the database does both better.
"""

from __future__ import annotations

import asyncio
import datetime
import sqlite3
from collections.abc import Mapping
from typing import Any

import sqlalchemy
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import BigInteger, Boolean, Date, Float, String, TypeEngine

from voicebot.actions.answer import as_json
from voicebot.actions.arguments import Argument, Kind
from voicebot.actions.definition import RowResult, SqlWork
from voicebot.actions.refused import Refused, Transient
from voicebot.errors import ActionError, ConfigError
from voicebot.types import Json

MAX_ROWS = 1000
"""Rows that ``result: all`` may give; a flow cannot use more, and a forgotten WHERE shows."""

_INTERRUPT_EVERY_S = 0.05
_PASSING_SQLSTATES = ("08", "40", "53", "55", "57P")
"""PostgreSQL's classes of: a connection that broke, a deadlock, no room or connection left, a lock,
and a server that stops or starts."""
_LOCK_SHARE = 0.8
"""How much of an action's time may go into waiting for a lock of SQLite."""

_TYPES: Mapping[Kind, TypeEngine[Any]] = {
    Kind.TEXT: String(),
    Kind.DIGITS: String(),
    Kind.INTEGER: BigInteger(),
    Kind.NUMBER: Float(),
    Kind.BOOLEAN: Boolean(),
    Kind.DATE: Date(),
}


class Databases:
    """One engine per named database, opened when it is first asked for.

    ``urls`` are SQLAlchemy's async form, such as ``sqlite+aiosqlite:///shop.db``.
    """

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = dict(urls)
        self._engines: dict[str, AsyncEngine] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._urls))

    def engine(self, name: str) -> AsyncEngine:
        """Raises ConfigError for a URL that SQLAlchemy cannot use."""
        if name not in self._engines:
            try:
                self._engines[name] = create_async_engine(self._urls[name], pool_pre_ping=True)
            except (SQLAlchemyError, ImportError) as error:
                # The URL may hold a password; SQLAlchemy's own words do not repeat it.
                raise ConfigError(
                    f"databases.{name}",
                    f"cannot be used: {str(error).splitlines()[0]}",
                    "A URL looks like sqlite+aiosqlite:///path/shop.db or "
                    "postgresql+asyncpg://user:password@host/name.",
                ) from None
        return self._engines[name]

    async def aclose(self) -> None:
        for engine in self._engines.values():
            await engine.dispose()
        self._engines.clear()


def parameters_of(statement: str) -> frozenset[str]:
    """The names of the ``:name`` parameters in ``statement``."""
    return frozenset(sqlalchemy.text(statement).compile().params)


class SqlWorker:
    """Runs one SQL action."""

    def __init__(
        self, name: str, work: SqlWork, arguments: tuple[Argument, ...], engine: AsyncEngine
    ) -> None:
        self._name = name
        self._work = work
        self._engine = engine
        self._dates = {argument.name for argument in arguments if argument.kind is Kind.DATE}
        self._parameters = parameters_of(work.statement)
        self._statement = sqlalchemy.text(work.statement).bindparams(
            *(
                sqlalchemy.bindparam(argument.name, type_=_TYPES[argument.kind])
                for argument in arguments
            )
        )

    async def run(self, arguments: Mapping[str, Json], timeout_s: float) -> Json:
        """Run the statement once. Raises ActionError; Refused for a broken constraint, Transient
        for a connection that fails or a database that is locked."""
        values = {
            name: self._bound(name, value)
            for name, value in arguments.items()
            if name in self._parameters
        }
        try:
            async with self._engine.connect() as connection:
                await self._prepare(connection, timeout_s)
                answer = await self._execute(connection, values)
                if self._work.changes:
                    await connection.commit()
                return answer
        except IntegrityError:
            raise Refused(self._name, "the database refused it: a constraint is broken") from None
        except DBAPIError as error:
            kind = Transient if may_pass(error) else ActionError
            raise kind(self._name, f"the database failed: {_describe(error)}") from None
        except (SQLAlchemyError, OSError) as error:
            problem = f"the database could not be used: {type(error).__name__}"
            kind = Transient if isinstance(error, OSError) else ActionError
            raise kind(self._name, problem) from None

    def _bound(self, name: str, value: Json) -> Json | datetime.date:
        if name in self._dates and isinstance(value, str):
            return datetime.date.fromisoformat(value)
        return value

    async def _prepare(self, connection: AsyncConnection, timeout_s: float) -> None:
        """Make a reading action unable to write, and let no lock outlast the action's time."""
        dialect = self._engine.dialect.name
        if dialect == "sqlite":
            await connection.exec_driver_sql(f"PRAGMA query_only = {int(not self._work.changes)}")
            wait_ms = int(timeout_s * 1000 * _LOCK_SHARE)
            await connection.exec_driver_sql(f"PRAGMA busy_timeout = {wait_ms}")
        elif dialect == "postgresql":
            await connection.execution_options(postgresql_readonly=not self._work.changes)

    async def _execute(
        self, connection: AsyncConnection, values: Mapping[str, Json | datetime.date]
    ) -> Json:
        running = asyncio.ensure_future(connection.execute(self._statement, values))
        if self._engine.dialect.name != "sqlite":
            return self._rows(await running)
        driver = (await connection.get_raw_connection()).driver_connection
        try:
            return self._rows(await asyncio.shield(running))
        except asyncio.CancelledError:
            await _interrupt(running, driver)
            raise

    def _rows(self, result: sqlalchemy.CursorResult[Any]) -> Json:
        if self._work.result is RowResult.NONE or not result.returns_rows:
            return None
        if self._work.result is RowResult.ALL:
            rows = result.mappings().fetchmany(MAX_ROWS + 1)
            if len(rows) > MAX_ROWS:
                problem = f"the statement gives more than {MAX_ROWS} rows; add a LIMIT"
                raise Refused(self._name, problem)
            return [self._object(row) for row in rows]
        row = result.mappings().first()
        if row is None:
            return None
        if self._work.result is RowResult.ONE:
            return self._object(row)
        return self._json(next(iter(row.values())))

    def _object(self, row: sqlalchemy.RowMapping) -> Json:
        return {str(column): self._json(value) for column, value in row.items()}

    def _json(self, value: object) -> Json:
        try:
            return as_json(value)
        except TypeError as error:
            raise Refused(self._name, f"a column of type {error} cannot become JSON") from None


async def _interrupt(running: asyncio.Future[Any], driver: Any) -> None:
    """End a statement of SQLite, which works in a thread that cannot be cancelled.

    Again and again, as a statement that the thread has not begun yet is not interrupted.
    """
    while not running.done():
        await driver.interrupt()
        await asyncio.wait({running}, timeout=_INTERRUPT_EVERY_S)
    running.exception()  # it was interrupted; taken, so that nobody reports it as lost


def may_pass(error: DBAPIError) -> bool:
    """Whether the next try may do better: a lost connection, a lock. Of SQLite's errors of
    operation only those, as it counts a missing table among them too; of PostgreSQL's complaints,
    which have no class of their own here, those with a passing SQLSTATE."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return "locked" in str(error.orig) or "busy" in str(error.orig)
    if (getattr(error.orig, "sqlstate", None) or "").startswith(_PASSING_SQLSTATES):
        return True
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def _describe(error: DBAPIError) -> str:
    """What went wrong, without what the caller said: SQLite never quotes a bound value, other
    databases may."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return str(error.orig)
    return type(error.orig).__name__ if error.orig is not None else type(error).__name__
