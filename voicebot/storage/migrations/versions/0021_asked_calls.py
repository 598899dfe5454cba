"""Which calls were asked for from pages in the last day, so that their limits outlive a restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asked_calls",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_asked_calls"),
    )
    op.create_index("ix_asked_calls_at", "asked_calls", ["at"])


def downgrade() -> None:
    op.drop_table("asked_calls")
