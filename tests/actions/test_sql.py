"""SQL actions on a real SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from tests.actions.conftest import Loader
from voicebot.actions.refused import Refused
from voicebot.actions.sql import may_pass
from voicebot.errors import ActionError, ConfigError

SCHEMA = """
CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE, price NUMERIC, made DATE, raw BLOB);
INSERT INTO item (name, price, made) VALUES ('lamp', 12.5, '2026-11-01'), ('mug', 4, NULL);
INSERT INTO item (name, raw) VALUES ('odd', x'00');
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
    return path


@pytest.fixture
def databases(file: Path) -> dict[str, str]:
    return {"shop": f"sqlite+aiosqlite:///{file}"}


def _action(sql: str, *extra: str) -> str:
    return "\n  ".join(["a:", "database: shop", f"sql: {sql}", *extra]) + "\n"


async def test_one_row_is_an_object(load: Loader, databases: dict[str, str]) -> None:
    text = _action("'SELECT name, price, made FROM item WHERE name = :n'", "arguments: {n: text}")
    registry = load(text, databases)
    row = {"name": "lamp", "price": 12.5, "made": "2026-11-01"}
    assert await registry.run("a", {"n": "lamp"}) == row
    assert await registry.run("a", {"n": "sofa"}) is None


async def test_all_rows_are_a_list(load: Loader, databases: dict[str, str]) -> None:
    sql = "SELECT name FROM item WHERE raw IS NULL ORDER BY id"
    registry = load(_action(sql, "result: all"), databases)
    assert await registry.run("a", {}) == [{"name": "lamp"}, {"name": "mug"}]


async def test_a_value_is_the_first_column(load: Loader, databases: dict[str, str]) -> None:
    registry = load(_action("SELECT count(*), 'x' FROM item", "result: value"), databases)
    assert await registry.run("a", {}) == 3


async def test_what_a_caller_says_never_becomes_sql(
    load: Loader, databases: dict[str, str]
) -> None:
    text = _action("'SELECT id FROM item WHERE name = :n'", "arguments: {n: text}")
    registry = load(text, databases)
    assert await registry.run("a", {"n": "' OR 1=1; DROP TABLE item; --"}) is None
    assert await registry.run("a", {"n": "mug"}) == {"id": 2}


async def test_a_write_is_committed(load: Loader, databases: dict[str, str], file: Path) -> None:
    sql = "INSERT INTO item (name, made) VALUES (:n, :d) RETURNING id"
    text = _action(f"'{sql}'", "arguments: {n: text, d: date}", "changes: true", "result: value")
    registry = load(text, databases)
    assert await registry.run("a", {"n": "rug", "d": "2026-11-24"}) == 4
    with closing(sqlite3.connect(file)) as connection:
        row = connection.execute("SELECT made FROM item WHERE name = 'rug'").fetchone()
    assert row == ("2026-11-24",)


async def test_a_reading_action_cannot_write(
    load: Loader, databases: dict[str, str], file: Path
) -> None:
    sql = "WITH x AS (SELECT 1) DELETE FROM item RETURNING id"
    registry = load(_action(sql), databases)
    with pytest.raises(ActionError, match="readonly"):
        await registry.run("a", {})
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM item").fetchone() == (3,)


async def test_a_writing_action_writes_after_a_reading_one(
    load: Loader, databases: dict[str, str]
) -> None:
    reading = _action("SELECT count(*) FROM item", "result: value")
    writing = _action("DELETE FROM item", "changes: true", "result: none")
    text = reading + "b" + writing.removeprefix("a")
    registry = load(text, databases)
    assert await registry.run("a", {}) == 3
    assert await registry.run("b", {}) is None
    assert await registry.run("a", {}) == 0


async def test_a_broken_constraint_is_refused_without_the_data(
    load: Loader, databases: dict[str, str]
) -> None:
    sql = "INSERT INTO item (name) VALUES (:n)"
    registry = load(_action(f"'{sql}'", "arguments: {n: text}", "changes: true"), databases)
    with pytest.raises(Refused, match="a constraint is broken") as caught:
        await registry.run("a", {"n": "lamp"})
    assert "lamp" not in str(caught.value)


async def test_a_missing_table_is_named(load: Loader, databases: dict[str, str]) -> None:
    registry = load(_action("SELECT * FROM itme"), databases)
    with pytest.raises(ActionError, match="no such table: itme"):
        await registry.run("a", {})


async def test_bytes_cannot_become_json(load: Loader, databases: dict[str, str]) -> None:
    registry = load(_action("SELECT raw FROM item WHERE name = 'odd'"), databases)
    with pytest.raises(ActionError, match="type bytes cannot become JSON"):
        await registry.run("a", {})


async def test_too_many_rows_ask_for_a_limit(load: Loader, databases: dict[str, str]) -> None:
    sql = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1001) SELECT i FROM n"
    )
    registry = load(_action(sql, "result: all"), databases)
    with pytest.raises(ActionError, match="more than 1000 rows; add a LIMIT"):
        await registry.run("a", {})


async def test_an_endless_query_ends_with_its_time(load: Loader, databases: dict[str, str]) -> None:
    sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    registry = load(_action(sql, "timeout_ms: 50"), databases)
    with pytest.raises(ActionError, match="took longer than 50 ms"):
        await registry.run("a", {})
    # The statement itself has ended too: closing would otherwise wait for it for ever.
    async with asyncio.timeout(30):
        await registry.aclose()


async def test_a_locked_database_fails_within_the_time(
    load: Loader, databases: dict[str, str], file: Path
) -> None:
    registry = load(_action("DELETE FROM item", "changes: true", "timeout_ms: 80"), databases)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ActionError, match=r"locked|took longer"):
            await registry.run("a", {})
        other.execute("ROLLBACK")
    assert await registry.run("a", {}) is None


async def test_a_url_that_no_driver_knows_is_a_setting_to_mend(load: Loader) -> None:
    with pytest.raises(ConfigError, match=r"databases\.shop"):
        load(_action("SELECT 1"), {"shop": "oracle9+nothing://x"})


@pytest.mark.parametrize(
    ("sqlstate", "passes"), [("57P03", True), ("53300", True), ("40P01", True), ("42P01", False)]
)
def test_what_postgresql_complains_of_may_pass_by_its_sqlstate(sqlstate: str, passes: bool) -> None:
    complaint = Exception("words of the server")
    complaint.sqlstate = sqlstate  # type: ignore[attr-defined]
    assert may_pass(DBAPIError("SELECT", None, complaint)) is passes
