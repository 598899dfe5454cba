"""What a call was about, whose it was, and the number by which a caller is known again.

The numbers of calls from before are filled in: returning callers are known from the first day.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voicebot.sessions.numbers import number_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BATCH = 5000

_calls = sa.table(
    "calls",
    sa.column("id", sa.String),
    sa.column("direction", sa.String),
    sa.column("caller", sa.Text),
    sa.column("callee", sa.Text),
    sa.column("number", sa.String),
)


def upgrade() -> None:
    op.add_column("calls", sa.Column("number", sa.String(24), nullable=True))
    op.add_column("calls", sa.Column("matter", sa.Text, nullable=True))
    op.add_column("calls", sa.Column("matter_details", sa.JSON, nullable=True))
    op.add_column("calls", sa.Column("matter_open", sa.Boolean, nullable=True))
    op.add_column("calls", sa.Column("customer", sa.Text, nullable=True))
    if not op.get_context().as_sql:
        _fill_numbers()
    op.create_index("ix_calls_number_started_at", "calls", ["number", "started_at"])
    op.create_index("ix_calls_customer_started_at", "calls", ["customer", "started_at"])


def _fill_numbers() -> None:
    connection = op.get_bind()
    wanted = sa.select(_calls.c.id, _calls.c.direction, _calls.c.caller, _calls.c.callee)
    change = (
        sa.update(_calls)
        .where(_calls.c.id == sa.bindparam("of"))
        .values(number=sa.bindparam("as_number"))
    )
    last = ""
    while True:
        page = wanted.where(_calls.c.id > last).order_by(_calls.c.id).limit(_BATCH)
        rows = connection.execute(page).all()
        if not rows:
            return
        last = rows[-1].id
        numbers = [(row.id, number_of(row.direction, row.caller, row.callee)) for row in rows]
        known = [{"of": id_, "as_number": number} for id_, number in numbers if number]
        if known:
            connection.execute(change, known)


def downgrade() -> None:
    op.drop_index("ix_calls_customer_started_at", "calls")
    op.drop_index("ix_calls_number_started_at", "calls")
    for column in ("customer", "matter_open", "matter_details", "matter", "number"):
        op.drop_column("calls", column)
