"""Places in queues that are held for callers with a link, so that a restart keeps them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "held_places",
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("left_at", sa.Double, nullable=True),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_held_places"),
    )


def downgrade() -> None:
    op.drop_table("held_places")
