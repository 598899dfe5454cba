"""Whether an agent had a contact in a stretch of time; null in those of before, nobody knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agent_time", sa.Column("busy", sa.Boolean, nullable=True))


def downgrade() -> None:
    op.drop_column("agent_time", "busy")
