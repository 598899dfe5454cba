"""A database that goes back to before a migration, and forth again."""

from __future__ import annotations

from collections.abc import Callable

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import voicebot.storage.migrations


def back_and_forth(
    connection: Connection, revision: str, before: Callable[[Connection], None]
) -> None:
    """Go down from the newest through ``revision``, look at what there was ``before`` it, and come
    back."""
    config = Config()
    config.set_main_option("script_location", voicebot.storage.migrations.__path__[0])
    newest_first = list(
        ScriptDirectory.from_config(config).iterate_revisions("head", revision, inclusive=True)
    )
    with Operations.context(MigrationContext.configure(connection)):
        for script in newest_first:
            script.module.downgrade()
        before(connection)
        for script in reversed(newest_first):
            script.module.upgrade()
