"""What a line of a conversation shows beside its words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation_lines", sa.Column("card", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    op.drop_column("conversation_lines", "card")
