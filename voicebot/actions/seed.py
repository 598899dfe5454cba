"""Sample databases: an SQLite file made from ``flows/<name>.sql`` where it does not exist yet.

The file appears under its name only when it is whole, so a start that is killed half-way leaves
nothing behind, and of two servers that start at once one wins and both find the same database.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import structlog
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from voicebot.errors import ConfigError, FlowError

log = structlog.get_logger(__name__)


def sample_scripts(application: Path, configured: Mapping[str, str]) -> dict[str, Path]:
    """The databases that the application brings itself: ``flows/<name>.sql`` for each name that
    the settings give no URL for."""
    scripts = sorted((application / "flows").glob("*.sql"))
    return {script.stem: script for script in scripts if script.stem not in configured}


def database_urls(application: Path, data: Path, configured: Mapping[str, str]) -> dict[str, str]:
    """URLs of all databases that actions may name; those of the application lie in ``data``."""
    samples = {
        name: f"sqlite+aiosqlite:///{(data / f'{name}.db').absolute()}"
        for name in sample_scripts(application, configured)
    }
    return samples | dict(configured)


async def seed_samples(application: Path, data: Path, configured: Mapping[str, str]) -> None:
    """Make the sample databases that are missing. Raises what `seed_database` raises."""
    urls = database_urls(application, data, configured)
    for name, script in sample_scripts(application, configured).items():
        await seed_database(urls[name], script)


async def seed_database(url: str, script: Path) -> bool:
    """Make the SQLite database at ``url`` by running ``script``, unless its file is there.

    Gives whether this call made it. Raises ConfigError for a URL that names no SQLite file, or a
    folder that cannot be written; FlowError for a script that SQLite does not run.
    """
    file = _file_of(url)
    if file.exists():
        return False
    made = await asyncio.to_thread(_make, file, script)
    if made:
        log.info("sample_database_made", database=file.name)
    return made


def _file_of(url: str) -> Path:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("databases", "not a database URL") from None
    if parsed.get_backend_name() != "sqlite" or not parsed.database or ":" in parsed.database:
        raise ConfigError(
            "databases", "only an SQLite file can be filled from a script", "Fill it yourself."
        )
    return Path(parsed.database)


def _make(file: Path, script: Path) -> bool:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        os.close(handle)
    except OSError as error:
        raise ConfigError(
            "server.data", f"{file.parent} cannot be written: {error.strerror}"
        ) from None
    draft = Path(name)
    try:
        with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            run_script(connection, script)
        return _publish(draft, file)
    finally:
        draft.unlink(missing_ok=True)


def _publish(draft: Path, file: Path) -> bool:
    """Give ``draft`` its name. A hard link, unlike a rename, does not replace what another start
    has made meanwhile; where the file system knows no links, the last start wins."""
    try:
        os.link(draft, file)
    except FileExistsError:
        return False
    except OSError:
        draft.replace(file)
    return True


def run_script(connection: sqlite3.Connection, script: Path) -> None:
    """Run all of ``script`` in one transaction. Raises FlowError for a statement refused."""
    try:
        lines = script.read_text(encoding="utf-8").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as error:
        raise FlowError(str(script), 0, 0, f"cannot be read: {error}") from None
    connection.execute("BEGIN")
    for first_line, statement in _statements(lines):
        try:
            connection.execute(statement)
        except (sqlite3.Error, sqlite3.Warning) as error:
            problem = f"SQLite refuses the statement that begins here: {error}"
            remedy = "Mend it; the sqlite3 command can try the file."
            raise FlowError(str(script), first_line, 1, problem, remedy) from None
    connection.execute("COMMIT")


def _statements(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Each statement with the number of its first line; comments go with what they precede."""
    text, first_line = "", 0
    for number, line in enumerate(lines, start=1):
        if not first_line and line.strip() and not line.lstrip().startswith("--"):
            first_line = number
        text += line
        if first_line and sqlite3.complete_statement(text):
            yield first_line, text
            text, first_line = "", 0
    if first_line:
        yield first_line, text
