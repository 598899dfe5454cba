"""The migrations lead to the tables that the code knows, from nothing, and as often as you like."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

import voicebot.storage.migrations
from voicebot.errors import StorageError
from voicebot.storage.database import open_database
from voicebot.storage.migrations import newest_revision, upgrade
from voicebot.storage.schema import metadata


def _is_table(name: str | None, kind: str, _parents: object) -> bool:
    # SQLAlchemy knows no virtual tables, nor those that FTS5 keeps behind them.
    return kind != "table" or name is None or not name.startswith("turn_search")


def _difference(connection: Connection) -> list[object]:
    options = {"compare_server_default": True, "include_name": _is_table}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def test_an_empty_database_is_brought_to_what_the_code_knows(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.run_sync(_difference) == []
        revision = await connection.execute(text("SELECT version_num FROM alembic_version"))
        assert revision.scalar_one() == newest_revision()


async def test_a_second_upgrade_keeps_what_is_there(engine: AsyncEngine, database_url: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO calls (id, transport, caller, callee, flow, language, started_at,"
                " reason) VALUES ('a', 'sip', '', '', 'main', 'en', 1, '')"
            )
        )
    await upgrade(database_url)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT id FROM calls"))).scalars().all() == ["a"]


async def test_two_servers_may_upgrade_at_once(database_url: str) -> None:
    await asyncio.gather(upgrade(database_url), upgrade(database_url))


async def test_a_migration_that_fails_leaves_the_old_shape(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create_then_break(self: Operations, *_args: object, **_options: object) -> None:
        raise OSError("the disk went away")

    monkeypatch.setattr(Operations, "create_index", create_then_break)
    with pytest.raises(StorageError, match="the disk went away"):
        await upgrade(database_url)
    engine = open_database(database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(_tables) == set()
    await engine.dispose()


async def test_a_database_of_a_newer_version_is_refused(
    engine: AsyncEngine, database_url: str
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="written by a newer voicebot"):
        await upgrade(database_url)


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("milk, bread\n" * 1000)
    with pytest.raises(StorageError, match="file is not a database"):
        await upgrade(f"sqlite:///{file}")


def test_every_migration_can_be_written_for_postgresql() -> None:
    folder = Path(voicebot.storage.migrations.__file__).parent
    config = Config()
    config.set_main_option("script_location", str(folder))
    said = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": said}
    )
    with Operations.context(context):
        for script in reversed(list(ScriptDirectory.from_config(config).walk_revisions())):
            script.module.upgrade()
    assert "started_at DOUBLE PRECISION NOT NULL" in said.getvalue()
    assert said.getvalue().count("CREATE TABLE") == len(metadata.tables)
