"""Which version of the application a call ran on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("version", sa.String(16), nullable=True))


def downgrade() -> None:
    op.drop_column("calls", "version")
