"""What each role may do, in one table.

A scope is a right; routes ask for scopes (`voicebot.web.access`), never for roles. An API token
carries some of its owner's scopes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """One right."""

    CALLS_READ = "calls:read"
    """Records of calls, and calls as they happen."""
    RECORDINGS_PLAY = "recordings:play"
    """The sound of calls; every playback is in the audit log."""
    CALLS_LISTEN = "calls:listen"
    """Listen to conversations, whisper to agents, take callers over; all is in the audit log."""
    DIAL = "dial"
    """Have voicebot call somebody."""
    DESK = "desk"
    """Take contacts as an agent."""
    QUEUES_MANAGE = "queues:manage"
    """Change queues and who works in them."""
    OUTBOX_READ = "outbox:read"
    """Messages that were sent to callers."""
    METRICS_READ = "metrics:read"
    """Figures for Prometheus, from another machine."""
    USERS_MANAGE = "users:manage"
    """Change users, their roles and their tokens."""
    AUDIT_READ = "audit:read"
    """The audit log."""
    RECORDS_DELETE = "records:delete"
    """Delete what is kept of a caller."""


class Role(StrEnum):
    """What somebody works as."""

    AGENT = "agent"
    DESIGNER = "designer"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


SCOPES_OF: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.AGENT: frozenset({Scope.DESK}),
    Role.DESIGNER: frozenset({Scope.CALLS_READ, Scope.OUTBOX_READ}),
    Role.SUPERVISOR: frozenset(
        {
            Scope.CALLS_READ,
            Scope.RECORDINGS_PLAY,
            Scope.CALLS_LISTEN,
            Scope.DIAL,
            Scope.DESK,
            Scope.QUEUES_MANAGE,
            Scope.OUTBOX_READ,
            Scope.METRICS_READ,
        }
    ),
    Role.ADMIN: frozenset(Scope),
}
