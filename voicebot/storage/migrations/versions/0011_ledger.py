"""The ledger: what became of calls in the queues, and sums of every hour.

All hours with calls are stale at first: the sums of old calls are made while the server runs.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_QUEUES = {
    "queue": sa.Text,
    "agent": sa.Text,
    "waited_s": sa.Double,
    "handled_s": sa.Double,
    "wrapped_s": sa.Double,
}
_DIMENSIONS = ("direction", "door", "flow", "language", "intent", "queue", "agent")
_COUNTS = (
    "contacts",
    "self_served",
    "moved_to_text",
    "transferred",
    "callback_booked",
    "abandoned_in_flow",
    "abandoned_in_queue",
    "refused",
    "not_reached",
    "failed",
    "short_in_flow",
    "short_in_queue",
    "queued",
    "answered",
    "within",
    "known",
    "repeats",
    "first",
    "unrepeated",
    "undone",
)
_TIMES = ("duration_s", "waited_s", "handled_s", "wrapped_s")


def upgrade() -> None:
    for name, kind in _QUEUES.items():
        op.add_column("calls", sa.Column(name, kind, nullable=True))
    op.create_table(
        "stale_hours",
        sa.Column("hour", sa.Integer, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("hour", name="pk_stale_hours"),
    )
    op.create_table(
        "ledger_hours",
        sa.Column("cut", sa.String(16), nullable=False),
        sa.Column("hour", sa.Integer, autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _DIMENSIONS),
        *(sa.Column(name, sa.Integer, nullable=False) for name in _COUNTS),
        *(sa.Column(name, sa.Double, nullable=False) for name in _TIMES),
        sa.PrimaryKeyConstraint("cut", "hour", *_DIMENSIONS, name="pk_ledger_hours"),
    )
    op.create_table(
        "ledger_rules",
        sa.Column("rules", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("rules", name="pk_ledger_rules"),
    )
    op.create_table(
        "agent_time",
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("began_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("agent", "began_at", name="pk_agent_time"),
    )
    op.create_index("ix_agent_time_ended_at", "agent_time", ["ended_at"])
    # Times are positive: where there is no FLOOR, cutting off does the same.
    whole = "FLOOR({})" if op.get_context().dialect.name == "postgresql" else "{}"
    hour = f"CAST({whole.format('started_at / 3600')} AS INTEGER)"
    op.execute(f"INSERT INTO stale_hours SELECT DISTINCT {hour} FROM calls")


def downgrade() -> None:
    for table in (
        "agent_time",
        "ledger_rules",
        "ledger_hours",
        "stale_hours",
    ):
        op.drop_table(table)
    for name in reversed(_QUEUES):
        op.drop_column("calls", name)
