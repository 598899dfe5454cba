"""The tables of voicebot's own database, as SQLAlchemy Core knows them.

`storage.migrations` builds them; a test holds the two together. Times are UTC epoch seconds in
double precision: the same number on SQLite and PostgreSQL, and free of time zones. Whoever looks
by hand writes ``datetime(started_at, 'unixepoch')`` or ``to_timestamp(started_at)``.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    # Named constraints, so that a later migration can drop them on every database.
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

calls = Table(
    "calls",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("transport", String(16), nullable=False),
    Column("caller", Text, nullable=False),
    Column("callee", Text, nullable=False),
    Column("flow", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("started_at", Double, nullable=False),
    Column("answered_at", Double),
    Column("ended_at", Double),
    Column("outcome", String(32)),
    Column("reason", Text, nullable=False),
    # The file, relative to the folder of recordings; NULL where the call was not recorded.
    Column("recording", Text),
    Column("direction", String(8), nullable=False, server_default="inbound"),
    # Of calls of ours that somebody answered; NULL for all others.
    Column("answered_by", String(8)),
    # Of the INVITE; NULL where there are none.
    Column("headers", JSON),
    # Of the application; NULL in calls from before there were versions.
    Column("version", String(16)),
    # `sessions.numbers` of the other side; NULL for withheld ones and names.
    Column("number", String(24)),
    # What the call was about, and the application's word for whose it was; NULL where none said.
    Column("matter", Text),
    Column("matter_details", JSON),
    Column("matter_open", Boolean),
    Column("customer", Text),
    # A caller's history, newest first.
    Index("ix_calls_number_started_at", "number", "started_at"),
    Index("ix_calls_customer_started_at", "customer", "started_at"),
    # The order of every list, and where the next page begins.
    Index("ix_calls_started_at_id", "started_at", "id"),
)

# What callers asked and the knowledge did not answer; the words go when the call goes.
knowledge_gaps = Table(
    "knowledge_gaps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", String(64), ForeignKey("calls.id", ondelete="CASCADE"), nullable=False),
    Column("at", Double, nullable=False),
    Column("language", String(35), nullable=False),
    Column("text", Text, nullable=False),
    # The article that came nearest, NULL where there is none.
    Column("nearest", Text),
    Column("confidence", Double, nullable=False),
    # A commit whose answer was lost is tried again: the same gap is not written twice.
    Index("ix_knowledge_gaps_call_id_at", "call_id", "at", unique=True),
    Index("ix_knowledge_gaps_at", "at"),
)

turns = Table(
    "turns",
    metadata,
    Column("call_id", String(64), ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    # 'index' is a reserved word.
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("step", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("result", String(16), nullable=False),
    # All of these are NULL where nothing was understood; heard_mode tells.
    Column("heard_mode", String(8)),
    Column("heard_text", Text),
    Column("heard_semantics", JSON),
    Column("heard_confidence", Double),
    Column("heard_grammar", Text),
    Column("latency_ms", Double),
    Column("barged_in", Boolean, nullable=False),
)

staff_users = Table(
    "staff_users",
    metadata,
    # As `staff.names` writes it.
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("must_change", Boolean, nullable=False),
)

# Keys are hashes of what the browser or program holds.
staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("user", String(64), ForeignKey("staff_users.name"), nullable=False),
    Column("began_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("address", String(64), nullable=False),
    Index("ix_staff_sessions_user", "user"),
)

staff_tokens = Table(
    "staff_tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("user", String(64), ForeignKey("staff_users.name"), nullable=False),
    Column("title", String(100), nullable=False),
    # With spaces between them.
    Column("scopes", Text, nullable=False),
    Column("key", String(64), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("used_at", Double),
    Column("revoked_at", Double),
    Index("ix_staff_tokens_key", "key", unique=True),
    Index("ix_staff_tokens_user", "user"),
)

# Only grows: triggers refuse to change or delete a line (migration 0009).
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    Column("who", Text, nullable=False),
    Column("deed", String(32), nullable=False),
    Column("what", Text, nullable=False),
    Column("address", String(64), nullable=False),
)
