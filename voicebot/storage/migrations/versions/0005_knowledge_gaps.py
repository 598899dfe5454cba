"""What callers asked and the knowledge did not answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "knowledge_gaps",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "call_id",
            sa.String(64),
            sa.ForeignKey("calls.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("nearest", sa.Text, nullable=True),
        sa.Column("confidence", sa.Double, nullable=False),
    )
    op.create_index(
        "ix_knowledge_gaps_call_id_at", "knowledge_gaps", ["call_id", "at"], unique=True
    )
    op.create_index("ix_knowledge_gaps_at", "knowledge_gaps", ["at"])


def downgrade() -> None:
    op.drop_index("ix_knowledge_gaps_at", "knowledge_gaps")
    op.drop_index("ix_knowledge_gaps_call_id_at", "knowledge_gaps")
    op.drop_table("knowledge_gaps")
