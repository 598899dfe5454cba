"""The tables of what others are told: webhooks of events, and alerts.

Part of `storage.schema`, which has them all.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Double,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from voicebot.storage.metadata import metadata

# What other programs are still to be told; a row goes when its receiver has taken it.
notices = Table(
    "notices",
    metadata,
    # In the order in which they were made.
    Column("number", Integer, primary_key=True),
    Column("hook", String(64), nullable=False),
    Column("id", String(64), nullable=False),
    Column("contact", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    # The same fact written twice is told once.
    Index("ix_notices_hook_id", "hook", "id", unique=True),
    # What is due, and whether something of the same contact comes before it.
    Index("ix_notices_hook_due_at", "hook", "due_at"),
    Index("ix_notices_hook_contact_number", "hook", "contact", "number"),
)

# One row: the alerts that stand, what was told of them, and mutes, as `alerts.state` writes them.
alert_state = Table(
    "alert_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("state", JSON, nullable=False),
)

# Notices of alerts that have not arrived; a row goes when its notice has, or is given up.
alert_letters = Table(
    "alert_letters",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("body", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("tries", Integer, nullable=False),
)
