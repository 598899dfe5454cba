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

# Who is to be called back; a row goes when that was done.
callbacks = Table(
    "callbacks",
    metadata,
    Column("contact_id", String(64), primary_key=True),
    Column("queue", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("arrived_at", Double, nullable=False),
    # NULL for 'when the turn comes'.
    Column("due_at", Double),
    # Needs and briefing, as `sessions.queueing` writes them.
    Column("details", JSON, nullable=False),
)

# Agents' comings, pauses and goings, in order.
agent_changes = Table(
    "agent_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agent", String(64), nullable=False),
    Column("at", Double, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    # What an agent did last.
    Index("ix_agent_changes_agent_id", "agent", "id"),
)
