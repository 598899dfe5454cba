"""What calls teach: runs of actions, turns that were written, and the newest contacts of a queue.

Conversations that ended before the update have no turns.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NAMED = ("agent", "queue")


def upgrade() -> None:
    op.create_table(
        "action_runs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("ms", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_action_runs"),
    )
    op.create_index(
        "ix_action_runs_call_id_at_action", "action_runs", ["call_id", "at", "action"], unique=True
    )
    op.create_index("ix_action_runs_at", "action_runs", ["at"])
    op.add_column("conversation_lines", sa.Column("reading", sa.JSON, nullable=True))
    op.add_column("turns", sa.Column("channel", sa.String(32), nullable=True))
    _index_where("ix_turns_at_written", "turns", ["at"], "channel")
    for name in _NAMED:
        _index_where(f"ix_calls_{name}_started_at", "calls", [name, "started_at", "id"], name)


def downgrade() -> None:
    for name in _NAMED:
        op.drop_index(f"ix_calls_{name}_started_at", "calls")
    op.drop_index("ix_turns_at_written", "turns")
    op.drop_column("turns", "channel")
    op.drop_column("conversation_lines", "reading")
    op.drop_table("action_runs")


def _index_where(name: str, table: str, columns: list[str], there: str) -> None:
    condition = sa.text(f"{there} IS NOT NULL")
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
