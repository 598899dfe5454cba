"""What Alembic runs: the migrations, on the connection that `upgrade` opened."""

from __future__ import annotations

from alembic import context

from voicebot.storage.schema import metadata

# No begin_transaction() of Alembic's: the transaction is the caller's, lock and all.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    # SQLite can change few things in place; Alembic then copies the table.
    render_as_batch=True,
)
context.run_migrations()
