"""Brings a database to the shape that this version of voicebot works with.

Alembic, run from here and not by its own command: there is no ini file. To change a table, edit
`storage.schema` and add a file to ``versions/``; a test fails while the two disagree. A migration
runs in one transaction with the lock held, so that a kill leaves the old shape and two servers
that start at once do not meet.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from voicebot.errors import StorageError
from voicebot.storage.database import WRITES, describe, open_database, shown

# Any number will do, as long as nobody else locks the same one in this database.
_POSTGRESQL_LOCK = 7_268_411_920


async def upgrade(url: str) -> None:
    """Bring the database at ``url`` to the newest shape, making it where there is none.

    Raises StorageError when it cannot be opened or was written by a newer voicebot.
    """
    engine = open_database(url)
    try:
        async with engine.execution_options(**WRITES).begin() as connection:
            await connection.run_sync(_upgrade)
    except CommandError:
        raise StorageError(
            f"the database {shown(engine.url)} was written by a newer "
            "voicebot; run that version, or name another database in storage.url"
        ) from None
    except (SQLAlchemyError, OSError) as error:
        raise StorageError(
            f"the database {shown(engine.url)} cannot be used: {describe(error)}"
        ) from None
    finally:
        await engine.dispose()


def newest_revision() -> str:
    """The revision that `upgrade` leads to."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def known_revisions() -> frozenset[str]:
    """Every revision that this voicebot can bring up to date."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return frozenset(script.revision for script in scripts)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_POSTGRESQL_LOCK})"))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
