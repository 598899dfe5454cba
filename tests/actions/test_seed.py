"""Sample databases made from scripts."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from voicebot.actions.seed import database_urls, sample_scripts, seed_database, seed_samples
from voicebot.errors import ConfigError, FlowError

SCRIPT = "-- one\nCREATE TABLE t (a TEXT);\n\nINSERT INTO t VALUES (';');\n"


def _write(folder: Path, text: str = SCRIPT) -> Path:
    script = folder / "flows" / "shop.sql"
    script.parent.mkdir(exist_ok=True)
    script.write_text(text, encoding="utf-8")
    return script


def _url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def _rows(file: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT a FROM t").fetchall()


async def test_a_missing_database_is_made(tmp_path: Path) -> None:
    file = tmp_path / "new" / "shop.db"
    assert await seed_database(_url(file), _write(tmp_path))
    assert _rows(file) == [(";",)]
    assert list(file.parent.iterdir()) == [file], "the draft is gone"


async def test_an_existing_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    script = _write(tmp_path)
    await seed_database(_url(file), script)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM t")
    assert not await seed_database(_url(file), script)
    assert _rows(file) == []


async def test_of_starts_at_once_one_makes_it(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    script = _write(tmp_path)
    made = await asyncio.gather(*(seed_database(_url(file), script) for _ in range(6)))
    assert sorted(made) == [False] * 5 + [True]
    assert _rows(file) == [(";",)]


async def test_a_bad_statement_is_shown_where_it_begins_and_leaves_nothing(tmp_path: Path) -> None:
    script = _write(tmp_path, "CREATE TABLE t (a TEXT);\n\n-- here\nINSERT INTO u\nVALUES (1);\n")
    file = tmp_path / "data" / "shop.db"
    with pytest.raises(FlowError, match=r"shop\.sql:4:1: .*no such table: u"):
        await seed_database(_url(file), script)
    assert list(file.parent.iterdir()) == []


async def test_an_unfinished_statement_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match=r"shop\.sql:1:1"):
        await seed_database(_url(tmp_path / "shop.db"), _write(tmp_path, "CREATE TABLE t (a"))


@pytest.mark.parametrize("url", ["postgresql+asyncpg://h/x", "sqlite+aiosqlite://", "nonsense"])
async def test_only_an_sqlite_file_can_be_seeded(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError):
        await seed_database(url, _write(tmp_path))


async def test_a_folder_that_cannot_be_made_is_a_setting_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"server\.data"):
        await seed_database(_url(tmp_path / "file" / "shop.db"), _write(tmp_path))


async def test_a_configured_database_is_not_made_from_the_script(tmp_path: Path) -> None:
    _write(tmp_path)
    configured = {"shop": "postgresql+asyncpg://host/shop"}
    assert sample_scripts(tmp_path, configured) == {}
    assert database_urls(tmp_path, tmp_path / "var", configured) == configured
    await seed_samples(tmp_path, tmp_path / "var", configured)
    assert not (tmp_path / "var").exists()


async def test_the_application_brings_its_own_databases(tmp_path: Path) -> None:
    _write(tmp_path)
    data = tmp_path / "var"
    assert database_urls(tmp_path, data, {}) == {"shop": _url(data / "shop.db")}
    await seed_samples(tmp_path, data, {})
    assert _rows(data / "shop.db") == [(";",)]
