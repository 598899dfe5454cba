"""The tables of who may see and change what, and of what they did.

Part of `storage.schema`, which has them all.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from voicebot.storage.metadata import metadata

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
