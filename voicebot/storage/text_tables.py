"""The tables of conversations in text, of messages that went out, and of the way to text.

Part of `storage.schema`, which has them all.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
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

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(32), primary_key=True),
    # The call it came from; NULL where it began in text.
    Column("contact", String(64)),
    Column("channel", String(32), nullable=False),
    # Who writes, on channels that are no page of ours.
    Column("sender", String(128)),
    Column("flow", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("version", String(16), nullable=False),
    Column("state", JSON, nullable=False),
    # The fence between two writers: see storage.conversations.
    Column("last_line", Integer, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("active_at", Double, nullable=False),
    Column("opened_at", Double),
    Column("ended_at", Double),
    Column("outcome", String(32)),
    Column("reason", Text, nullable=False),
    # SHA-256 of the link's secret and of that of the browser that opened it.
    Column("link", String(64)),
    Column("link_until", Double, nullable=False),
    Column("browser_key", String(64)),
    # Since when it waits for a person or talks to one, and how (`chat_records.Stand`).
    Column("stands_since", Double),
    Column("stand", JSON(none_as_null=True)),
    # What became of it in the queues so far (`events.QueueNoted`).
    Column("noted", JSON(none_as_null=True)),
    Index("ix_conversations_link", "link", unique=True),
    Index("ix_conversations_stands_since", "stands_since"),
    Index("ix_conversations_contact", "contact"),
    Index("ix_conversations_channel_sender", "channel", "sender"),
    Index("ix_conversations_ended_at_active_at", "ended_at", "active_at"),
)

conversation_lines = Table(
    "conversation_lines",
    metadata,
    Column(
        "conversation_id",
        String(32),
        ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("who", String(8), nullable=False),
    Column("text", Text, nullable=False),
    # The sender's own id of the message; NULL for what we say.
    Column("client_id", String(64)),
    # What is shown beside the text, NULL for nothing.
    Column("card", JSON(none_as_null=True)),
    # How a message was read (`sessions.chat_reading`); NULL for what is no message.
    Column("reading", JSON(none_as_null=True)),
    # The agent who wrote it.
    Column("name", String(64)),
)

text_messages = Table(
    "text_messages",
    metadata,
    # Ours: random, so that a gateway may repeat it to us.
    Column("id", String(64), primary_key=True),
    # The order in which messages were given in, which is that of one recipient's.
    Column("number", Integer, nullable=False, unique=True),
    Column("channel", String(32), nullable=False),
    Column("recipient", Text, nullable=False),
    # Blanked when it is sent: it may hold the link of a conversation.
    Column("body", Text, nullable=False),
    Column("call_id", String(64)),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    # The gateway's own id.
    Column("reference", Text),
    Column("problem", Text, nullable=False),
    Index("ix_text_messages_state_due_at", "state", "due_at"),
    Index("ix_text_messages_recipient_created_at", "recipient", "created_at"),
)

text_opt_outs = Table(
    "text_opt_outs",
    metadata,
    # As it is written in E.164, with the plus.
    Column("number", String(32), primary_key=True),
    Column("at", Double, nullable=False),
)

deflections = Table(
    "deflections",
    metadata,
    # Of calls, most of them; no foreign key: the stages of a text outlive what is kept of the call.
    Column("call_id", String(64), primary_key=True),
    Column("intent", String(128), primary_key=True),
    Column("stage", String(16), primary_key=True),
    Column("at", Double, nullable=False),
    Index("ix_deflections_at", "at"),
)
