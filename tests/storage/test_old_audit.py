"""The migration that lets old lines of the audit log go, both ways on both databases."""

from __future__ import annotations

import importlib

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, delete, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.errors import StorageError
from voicebot.storage.database import writing
from voicebot.storage.schema import audit

migration = importlib.import_module("voicebot.storage.migrations.versions.0016_old_audit")
LINE = {"at": 1.0, "who": "ann", "deed": "signed in", "what": "", "address": ""}


async def _migrate(engine: AsyncEngine, way: str) -> None:
    def run(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            getattr(migration, way)()

    async with writing(engine, "the audit log") as connection:
        await connection.run_sync(run)


async def _add_and_delete(engine: AsyncEngine) -> None:
    async with writing(engine, "the audit log") as connection:
        await connection.execute(insert(audit).values(LINE))
        await connection.execute(delete(audit))


async def test_down_nothing_may_be_deleted_and_up_what_is_old(either: AsyncEngine) -> None:
    await _add_and_delete(either)
    await _migrate(either, "downgrade")
    with pytest.raises(StorageError, match="the audit log only grows"):
        await _add_and_delete(either)
    await _migrate(either, "upgrade")
    await _add_and_delete(either)
