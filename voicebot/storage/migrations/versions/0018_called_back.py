"""Which callers had their agent by being called back.

Earlier calls back were not counted: the sums of old hours stay as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("called_back", sa.Boolean, nullable=True))
    op.add_column(
        "ledger_hours", sa.Column("called_back", sa.Integer, nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("ledger_hours", "called_back")
    op.drop_column("calls", "called_back")
