"""Fresh databases: SQLite in a temporary folder, and PostgreSQL where it is installed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.postgres import running_postgres
from tests.storage.ready import ready_postgres, ready_sqlite
from voicebot.storage.database import open_database


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'data' / 'calls.db'}"


def _file_of(database_url: str) -> Path:
    return Path(database_url.removeprefix("sqlite:///"))


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    await ready_sqlite(_file_of(database_url))
    engine = open_database(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[str]:
    with running_postgres() as socket:
        yield socket


@pytest.fixture(params=["sqlite", "postgresql"])
async def either(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[AsyncEngine]:
    """A fresh database of either kind."""
    if request.param == "postgresql":
        url = await ready_postgres(request.getfixturevalue("postgres_socket"))
    else:
        url = await ready_sqlite(_file_of(database_url))
    engine = open_database(url)
    yield engine
    await engine.dispose()
