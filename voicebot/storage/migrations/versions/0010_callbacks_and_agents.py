"""Callbacks that were promised, and what agents did when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "callbacks",
        sa.Column("contact_id", sa.String(64), primary_key=True),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("arrived_at", sa.Double, nullable=False),
        sa.Column("due_at", sa.Double, nullable=True),
        sa.Column("details", sa.JSON, nullable=False),
    )
    op.create_table(
        "agent_changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("agent", sa.String(64), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("ix_agent_changes_agent_id", "agent_changes", ["agent", "id"])


def downgrade() -> None:
    op.drop_index("ix_agent_changes_agent_id", "agent_changes")
    op.drop_table("agent_changes")
    op.drop_table("callbacks")
