"""Fresh databases: SQLite in a temporary folder, and PostgreSQL where it is installed."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.postgres import new_database, running_postgres
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'data' / 'calls.db'}"


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    await upgrade(database_url)
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
    url = database_url
    if request.param == "postgresql":
        socket = request.getfixturevalue("postgres_socket")
        url = new_database(socket, f"test_{uuid.uuid4().hex}")
    await upgrade(url)
    engine = open_database(url)
    yield engine
    await engine.dispose()
