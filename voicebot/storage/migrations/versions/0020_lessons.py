"""What calls teach: runs of actions, turns that were written, and contacts chosen by rare values.

Conversations that ended before the update have no turns.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ORDER = ["started_at", "id"]
_CHOSEN = ["direction", "transport", "flow", "language", "matter", "queue", "agent", "outcome"]


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
    written = sa.text("channel IS NOT NULL")
    op.create_index(
        "ix_turns_at_written", "turns", ["at"], sqlite_where=written, postgresql_where=written
    )
    op.drop_index("ix_calls_started_at_id", "calls")
    op.create_index("ix_calls_started_at_id", "calls", _ORDER + _CHOSEN)


def downgrade() -> None:
    op.drop_index("ix_calls_started_at_id", "calls")
    op.create_index("ix_calls_started_at_id", "calls", _ORDER)
    op.drop_index("ix_turns_at_written", "turns")
    op.drop_column("turns", "channel")
    op.drop_column("conversation_lines", "reading")
    op.drop_table("action_runs")
