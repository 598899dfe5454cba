"""Opens the records of staff for a command; a running server may have them open too."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from voicebot.config import load_settings
from voicebot.staff.model import Actor
from voicebot.staff.passwords import Passwords
from voicebot.staff.register import Register
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade
from voicebot.storage.staff import SqlAuditLog, SqlStaffBook

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Records:
    """What commands work on, and as whom."""

    register: Register
    audit: SqlAuditLog
    by: Actor


def with_records(work: Callable[[Records], Awaitable[_T]]) -> _T:
    """Do ``work`` on the records that the settings name. Raises what it raises, StorageError."""
    return asyncio.run(_open(load_settings().database_url, work))


async def _open(url: str, work: Callable[[Records], Awaitable[_T]]) -> _T:
    await upgrade(url)
    engine = open_database(url)
    try:
        book, log = SqlStaffBook(engine), SqlAuditLog(engine)
        register = Register(book, log, Passwords())
        return await work(Records(register, log, at_the_command_line()))
    finally:
        await engine.dispose()


def at_the_command_line() -> Actor:
    """Whoever runs the command, for the audit log."""
    return Actor(f"{_user()} at the command line")


def day(at: float | None) -> str:
    """A time for people: '2026-11-22 04:03 UTC'; '-' for none."""
    if at is None:
        return "-"
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "somebody"
