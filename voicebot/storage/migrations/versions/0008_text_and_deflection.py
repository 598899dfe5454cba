"""Messages that go out in text, who wants none, and the stages on the way to text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "text_messages",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("call_id", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_text_messages"),
        sa.UniqueConstraint("number", name="uq_text_messages_number"),
    )
    op.create_index("ix_text_messages_state_due_at", "text_messages", ["state", "due_at"])
    op.create_index(
        "ix_text_messages_recipient_created_at", "text_messages", ["recipient", "created_at"]
    )
    op.create_table(
        "text_opt_outs",
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_text_opt_outs"),
    )
    op.create_table(
        "deflections",
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("intent", sa.String(128), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "intent", "stage", name="pk_deflections"),
    )
    op.create_index("ix_deflections_at", "deflections", ["at"])


def downgrade() -> None:
    op.drop_table("deflections")
    op.drop_table("text_opt_outs")
    op.drop_table("text_messages")
