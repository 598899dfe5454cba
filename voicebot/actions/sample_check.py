"""What a sample database says of the statements that run on it, before any call does.

The script fills a database in memory, and SQLite is asked how it would run each statement: none is
run. Left out: databases that the settings name; a check does not reach for what may be in service.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

import sqlalchemy
from sqlalchemy.dialects import sqlite

from voicebot.actions.definition import ActionDefinition, SqlWork
from voicebot.actions.seed import run_script
from voicebot.document import Place, suggest
from voicebot.errors import FlowError

_MISSING = re.compile(r"no such (?:table|column): (?:\w+\.)?(\w+)")
_NAMES = """
SELECT name FROM sqlite_master WHERE type IN ('table', 'view')
UNION
SELECT info.name FROM sqlite_master JOIN pragma_table_info(sqlite_master.name) AS info
"""


def sample_problems(
    definitions: Mapping[str, ActionDefinition],
    places: Mapping[str, Place],
    scripts: Mapping[str, Path],
) -> Iterator[FlowError]:
    """Scripts that SQLite does not run, and statements that it does not understand.

    ``places`` are where the actions' statements stand, ``scripts`` the sample databases by name.
    """
    for database, script in scripts.items():
        statements = {
            name: definition.work.statement
            for name, definition in definitions.items()
            if isinstance(definition.work, SqlWork) and definition.work.database == database
        }
        with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            try:
                run_script(connection, script)
            except FlowError as error:
                yield error
                continue
            # SQLAlchemy gives every connection this function.
            connection.create_function("regexp", 2, lambda pattern, text: False)
            for name, statement in statements.items():
                if problem := _refused(connection, statement):
                    remedy = _remedy(connection, problem, script)
                    yield places[name].error(f"SQLite refuses the statement: {problem}", remedy)


def _refused(connection: sqlite3.Connection, statement: str) -> str:
    """What SQLite has against the statement, or nothing."""
    compiled = sqlalchemy.text(statement).compile(dialect=sqlite.dialect(paramstyle="named"))
    try:
        connection.execute(f"EXPLAIN {compiled}", dict.fromkeys(compiled.params))
    except (sqlite3.Error, sqlite3.Warning) as error:
        return str(error)
    return ""


def _remedy(connection: sqlite3.Connection, problem: str, script: Path) -> str:
    missing = _MISSING.match(problem)
    near = ""
    if missing:
        near = suggest(missing[1], [name for (name,) in connection.execute(_NAMES)])
    return near if near.startswith("Did") else f"{script} makes the database: compare."
