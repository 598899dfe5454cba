"""Databases in the shape that the code knows, made from one that was migrated before.

To migrate anew for each of hundreds of tests would take most of their time. What migrations do is
tested where they are run: in test_migrations.py, and by going back and forth.
"""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tests.storage.postgres import new_database
from voicebot.storage.database import open_database
from voicebot.storage.migrations import newest_revision, upgrade
from voicebot.storage.schema import metadata

_RESTART: Final = (
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences"
)

_file: list[bytes] = []
_databases: dict[str, str] = {}
"""By the socket of their server."""


async def ready_sqlite(place: Path) -> str:
    """Make a database at ``place``; gives its URL."""
    if not _file:
        with tempfile.TemporaryDirectory(prefix="voicebot-ready-") as folder:
            first = Path(folder) / "calls.db"
            await upgrade(f"sqlite:///{first}")
            _file.append(first.read_bytes())
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(_file[0])
    return f"sqlite:///{place}"


async def ready_postgres(socket: str) -> str:
    """The URL of an empty database on the server at ``socket``: the one of the test before, unless
    that left it in another shape. To make and delete one takes PostgreSQL hundreds of files."""
    url = _databases.get(socket)
    if url is None or not await _emptied(url):
        url = new_database(socket, f"ready_{uuid.uuid4().hex}")
        await upgrade(url)
        _databases[socket] = url
    return url


async def _emptied(url: str) -> bool:
    engine = open_database(url)
    try:
        async with engine.begin() as connection:
            version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            if version != newest_revision():
                return False
            await connection.execute(text("SET LOCAL lock_timeout = '20s'"))
            for table in reversed(metadata.sorted_tables):
                await connection.execute(table.delete())
            await connection.execute(text(_RESTART))
            return True
    except SQLAlchemyError:
        return False
    finally:
        await engine.dispose()
