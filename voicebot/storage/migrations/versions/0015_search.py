"""When turns were said and heard, and their words to search by.

On SQLite an FTS5 index follows `turn_words` by triggers, on PostgreSQL a GIN index is part of it.
Words of a turn that change are not found any more: whoever blanks a text must not leave it here.
A later migration that copies the table `turns` (batch mode) has to make its trigger again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# As it is now: what is stored must be cut as what is asked is.
from voicebot.analytics.search import indexed

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TIMES = ("said_at", "heard_from", "heard_until")
_CALLS_AT_ONCE = 500
_SQLITE = (
    "CREATE VIRTUAL TABLE turn_search USING fts5(heard, said, content='turn_words', "
    "content_rowid='id', tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER turn_words_added AFTER INSERT ON turn_words BEGIN "
    "INSERT INTO turn_search(rowid, heard, said) VALUES (new.id, new.heard, new.said); END",
    "CREATE TRIGGER turn_words_gone AFTER DELETE ON turn_words BEGIN "
    "INSERT INTO turn_search(turn_search, rowid, heard, said) "
    "VALUES ('delete', old.id, old.heard, old.said); END",
    "CREATE TRIGGER turns_reworded AFTER UPDATE OF prompt, heard_text ON turns BEGIN "
    "DELETE FROM turn_words WHERE call_id = new.call_id AND number = new.number; END",
)
_POSTGRESQL = (
    "CREATE INDEX ix_turn_words_search ON turn_words "
    "USING gin (to_tsvector('simple', heard || ' ' || said))",
    "CREATE FUNCTION forget_turn_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "DELETE FROM turn_words WHERE call_id = NEW.call_id AND number = NEW.number; "
    "RETURN NULL; END $$",
    "CREATE TRIGGER turns_reworded AFTER UPDATE OF prompt, heard_text ON turns "
    "FOR EACH ROW EXECUTE FUNCTION forget_turn_words()",
)


def upgrade() -> None:
    for name in _TIMES:
        op.add_column("turns", sa.Column(name, sa.Double, nullable=True))
    op.create_table(
        "turn_words",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("heard", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_turn_words"),
        sa.ForeignKeyConstraint(
            ["call_id", "number"],
            ["turns.call_id", "turns.number"],
            name="fk_turn_words_call_id_turns",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_turn_words_call_id_number", "turn_words", ["call_id", "number"], unique=True
    )
    for statement in _POSTGRESQL if _is_postgresql() else _SQLITE:
        op.execute(statement)
    if not op.get_context().as_sql:
        _index_old_turns(op.get_bind())


def downgrade() -> None:
    if _is_postgresql():
        op.execute("DROP TRIGGER turns_reworded ON turns")
        op.execute("DROP FUNCTION forget_turn_words()")
    else:
        op.execute("DROP TRIGGER turns_reworded")
        op.execute("DROP TABLE turn_search")
    op.drop_table("turn_words")
    for name in _TIMES:
        op.drop_column("turns", name)


def _is_postgresql() -> bool:
    return bool(op.get_context().dialect.name == "postgresql")


def _index_old_turns(connection: sa.Connection) -> None:
    """In the order of the calls, so that the newest have the highest ids."""
    calls = sa.table("calls", sa.column("id"), sa.column("started_at"))
    turns = sa.table("turns", *map(sa.column, ("call_id", "number", "at", "heard_text", "prompt")))
    words = sa.table("turn_words", *map(sa.column, ("call_id", "number", "heard", "said")))
    place = sa.tuple_(calls.c.started_at, calls.c.id)
    page = sa.select(calls).order_by(calls.c.started_at, calls.c.id).limit(_CALLS_AT_ONCE)
    found = connection.execute(page).all()
    while found:
        ids = [each.id for each in found]
        told = connection.execute(
            sa.select(turns).where(turns.c.call_id.in_(ids)).order_by(turns.c.at, turns.c.number)
        )
        rows = [
            {
                "call_id": turn.call_id,
                "number": turn.number,
                "heard": indexed(turn.heard_text or ""),
                "said": indexed(turn.prompt),
            }
            for turn in told
        ]
        if rows:
            connection.execute(sa.insert(words), rows)
        last = found[-1]
        found = connection.execute(page.where(place > (last.started_at, last.id))).all()
