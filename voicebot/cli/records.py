"""Opens the records for a command; a running server may have them open too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.config import Settings, load_settings
from voicebot.logs import configure_logging
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade

_T = TypeVar("_T")


def with_database(work: Callable[[Settings, AsyncEngine], Awaitable[_T]]) -> _T:
    """Do ``work`` on the database that the settings name. Raises what it raises, StorageError."""
    configure_logging("error")
    return asyncio.run(_open(load_settings(), work))


async def _open(settings: Settings, work: Callable[[Settings, AsyncEngine], Awaitable[_T]]) -> _T:
    await upgrade(settings.database_url)
    engine = open_database(settings.database_url)
    try:
        return await work(settings, engine)
    finally:
        await engine.dispose()
