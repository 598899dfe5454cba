"""Which errors of a database are bad luck, after which the same facts may still go through, and
which say that a fact can never be written.

PostgreSQL tells it by its SQLSTATE (its manual, appendix A). SQLAlchemy has no class of its own for
most of them with asyncpg: a server that is just starting, has no connection left, is full or has
become a read-only standby raises the same plain `DBAPIError` as any other complaint.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_PASSING_CLASSES: Final = frozenset(
    {
        "08",  # the connection broke
        "25",  # only reading is allowed: a standby, or an operator at work
        "28",  # we are not let in
        "3D",  # the database is away: it is being restored
        "40",  # a deadlock
        "53",  # no room, no memory, no connection left
        "55",  # locked
        "57",  # stopped, stopping, starting
        "58",  # the disk fails
    }
)
_NO_RIGHT: Final = "42501"


def is_outage(error: BaseException) -> bool:
    """Whether the database is locked, full, closed to us or away, so that the same facts may go
    through later."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError | OSError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state[:2] in _PASSING_CLASSES or state == _NO_RIGHT
