"""Who called whom, who answered, and what the call brought along."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "calls", sa.Column("direction", sa.String(8), nullable=False, server_default="inbound")
    )
    op.add_column("calls", sa.Column("answered_by", sa.String(8), nullable=True))
    op.add_column("calls", sa.Column("headers", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("calls", "headers")
    op.drop_column("calls", "answered_by")
    op.drop_column("calls", "direction")
