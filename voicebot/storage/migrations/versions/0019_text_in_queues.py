"""Conversations in text that wait for a person or talk to one, and who wrote a line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_INDEX = "ix_conversations_stands_since"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("stands_since", sa.Double, nullable=True))
    op.add_column("conversations", sa.Column("stand", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("conversations", sa.Column("noted", sa.JSON(none_as_null=True), nullable=True))
    op.create_index(_INDEX, "conversations", ["stands_since"])
    op.add_column("conversation_lines", sa.Column("name", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("conversation_lines", "name")
    op.drop_index(_INDEX, "conversations")
    op.drop_column("conversations", "noted")
    op.drop_column("conversations", "stand")
    op.drop_column("conversations", "stands_since")
