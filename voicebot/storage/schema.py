"""The tables of voicebot's own database, as SQLAlchemy Core knows them.

`storage.migrations` builds them; a test holds the two together. Times are UTC epoch seconds in
double precision: the same number on SQLite and PostgreSQL, and free of time zones. Whoever looks
by hand writes ``datetime(started_at, 'unixepoch')`` or ``to_timestamp(started_at)``.

Calls, queues and the ledger are here. What is about texts, staff and notices stands in files of its
own; everybody imports all of them from here, so that ``metadata`` is never without some.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from voicebot.storage.metadata import metadata
from voicebot.storage.notice_tables import (
    alert_letters,
    alert_state,
    notices,
)
from voicebot.storage.staff_tables import (
    audit,
    staff_sessions,
    staff_tokens,
    staff_users,
)
from voicebot.storage.text_tables import (
    conversation_lines,
    conversations,
    deflections,
    text_messages,
    text_opt_outs,
)

__all__ = [
    "CUTS",
    "DIMENSIONS",
    "SUMS",
    "action_runs",
    "agent_changes",
    "agent_time",
    "alert_letters",
    "alert_state",
    "asked_calls",
    "audit",
    "callbacks",
    "calls",
    "contact_notes",
    "conversation_lines",
    "conversations",
    "deflections",
    "knowledge_gaps",
    "ledger_hours",
    "ledger_rules",
    "metadata",
    "notices",
    "staff_sessions",
    "staff_tokens",
    "staff_users",
    "stale_hours",
    "text_messages",
    "text_opt_outs",
    "turn_words",
    "turns",
]

CUTS: Final = {
    "whole": ("direction",),
    "door": ("direction", "door"),
    "flow": ("direction", "flow"),
    "language": ("direction", "language"),
    "intent": ("direction", "intent"),
    "queue": ("direction", "queue"),
    "agent": ("direction", "queue", "agent"),
    "all": ("direction", "door", "flow", "language", "intent", "queue"),
}
"""How the ledger cuts each hour, the coarsest first. Agents stand apart from the rest: with both
together there would be nearly a row for each contact."""
DIMENSIONS: Final = (*CUTS["all"], "agent")
SUMS: Final = (
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
    "called_back",
    "within",
    "known",
    "repeats",
    # Of known ones, those that are no repeat, and of these the ones that were not repeated.
    "first",
    "unrepeated",
    "undone",
    "duration_s",
    "waited_s",
    "handled_s",
    "wrapped_s",
)
"""The sums that the ledger keeps of each hour (`analytics.totals`)."""

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
    # `events.QueueNoted`; NULL where the call never waited for a person.
    Column("queue", Text),
    Column("agent", Text),
    Column("waited_s", Double),
    Column("handled_s", Double),
    Column("wrapped_s", Double),
    Column("called_back", Boolean),
    # A caller's history, newest first.
    Index("ix_calls_number_started_at", "number", "started_at"),
    Index("ix_calls_customer_started_at", "customer", "started_at"),
    # The order of every list, and where the next page begins; with all that lists are chosen by, so
    # that looking for a rare value reads nothing else.
    Index(
        "ix_calls_started_at_id",
        *("started_at", "id", "direction", "transport", "flow", "language"),
        *("matter", "queue", "agent", "outcome"),
    ),
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
    # When the prompt began to leave, and the caller's first and last speech; NULL as
    # `events.TurnFinished` says.
    Column("said_at", Double),
    Column("heard_from", Double),
    Column("heard_until", Double),
    # Where it was written; NULL for what was said in the call itself.
    Column("channel", String(32)),
    # What was written has a time of its own to be kept.
    Index(
        "ix_turns_at_written",
        "at",
        sqlite_where=text("channel IS NOT NULL"),
        postgresql_where=text("channel IS NOT NULL"),
    ),
)

# Runs of actions (`events.ActionRan`). No foreign key: those of a conversation in text are written
# before its contact is.
action_runs = Table(
    "action_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", String(64), nullable=False),
    Column("at", Double, nullable=False),
    Column("step", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("result", String(16), nullable=False),
    Column("ms", Double, nullable=False),
    # A commit whose answer was lost is tried again: the same run is not written twice.
    Index("ix_action_runs_call_id_at_action", "call_id", "at", "action", unique=True),
    Index("ix_action_runs_at", "at"),
)

# The words of turns as `analytics.search` cuts them. Migration 0015 adds what SQLAlchemy has no
# words for: the full-text index, and triggers that keep it, and take the words away where those of
# the turn change.
turn_words = Table(
    "turn_words",
    metadata,
    # In the order of writing, which is nearly that of time.
    Column("id", Integer, primary_key=True),
    Column("call_id", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("heard", Text, nullable=False),
    Column("said", Text, nullable=False),
    ForeignKeyConstraint(
        ["call_id", "number"],
        ["turns.call_id", "turns.number"],
        name="fk_turn_words_call_id_turns",
        ondelete="CASCADE",
    ),
    Index("ix_turn_words_call_id_number", "call_id", "number", unique=True),
)

# The ledger (`storage.ledger`): an hour whose sums were kept and are no longer true, or never were.
stale_hours = Table(
    "stale_hours",
    metadata,
    # Hours since the epoch, here and below.
    Column("hour", Integer, primary_key=True, autoincrement=False),
)


ledger_hours = Table(
    "ledger_hours",
    metadata,
    # One of `CUTS`; dimensions that are not in it are empty.
    Column("cut", String(16), primary_key=True),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    *(Column(name, Text, primary_key=True) for name in DIMENSIONS),
    # Sums that came later are 0 in hours that were counted before.
    *(
        Column(
            name,
            Double if name.endswith("_s") else Integer,
            nullable=False,
            server_default="0" if name == "called_back" else None,
        )
        for name in SUMS
    ),
)

# By what rules the sums were counted: one row.
ledger_rules = Table("ledger_rules", metadata, Column("rules", String(64), primary_key=True))

# When agents were ready (`sessions.ready_times`).
agent_time = Table(
    "agent_time",
    metadata,
    Column("agent", Text, primary_key=True),
    Column("began_at", Double, primary_key=True),
    Column("ended_at", Double, nullable=False),
    # Whether they had a contact then; null: nobody knows.
    Column("busy", Boolean),
    Index("ix_agent_time_ended_at", "ended_at"),
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

# Places of callers who have a link to go on in text; a row goes with the place.
held_places = Table(
    "held_places",
    metadata,
    Column("contact_id", String(64), primary_key=True),
    Column("queue", Text, nullable=False),
    Column("since", Double, nullable=False),
    # NULL while the caller is on the line.
    Column("left_at", Double),
    # Needs, briefing and where the flow waits, as `sessions.held_places` writes them.
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

# What agents wrote about contacts: one note of each agent on each.
contact_notes = Table(
    "contact_notes",
    metadata,
    Column("contact_id", String(64), primary_key=True),
    Column("agent", String(64), primary_key=True),
    Column("queue", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("code", Text, nullable=False),
    Column("text", Text, nullable=False),
)

# Calls that were asked for from pages in the last day.
asked_calls = Table(
    "asked_calls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    Column("number", String(32), nullable=False),
    # The network of the browser that asked.
    Column("address", String(64), nullable=False),
    Index("ix_asked_calls_at", "at"),
)
