"""Forgets a person everywhere: the database, recordings, and other files of the data folder."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.config import Settings
from voicebot.errors import StorageError
from voicebot.privacy import delete_recordings, recordings_of
from voicebot.sessions.traces import Forgotten, Traces
from voicebot.staff.model import Actor, AuditEntry, AuditLog, Deed
from voicebot.storage.database import sqlite_file
from voicebot.storage.forgetting import Person, SqlForgetting
from voicebot.storage.wiping import holds


class PersonForgetting:
    """`sessions.traces.Forgetting` of one voicebot. ``engine`` stays its giver's."""

    def __init__(self, settings: Settings, engine: AsyncEngine) -> None:
        self._records = SqlForgetting(engine)
        self._recorder = recordings_of(settings)
        self._data = settings.server.data
        self._database = sqlite_file(settings.database_url)

    async def trace(self, number: str) -> Traces:
        """What there is of ``number``. Raises UsageError, StorageError."""
        return await self._records.trace(number)

    async def forget(self, number: str) -> Forgotten:
        """Delete it. Raises UsageError, StorageError."""
        gone = await self._records.forget(number)
        places = await asyncio.to_thread(self._undeleted, gone.recordings)
        try:
            if not await self._records.wiped(number, gone.texts):
                places.append("the database, in what others said or left")
        except StorageError as error:
            places.append(f"free pages of the database ({error})")
        places += await asyncio.to_thread(self._files_with, Person(number).digits)
        return Forgotten(gone.traces, ", ".join(places))

    def _undeleted(self, recordings: Sequence[str]) -> list[str]:
        """Delete them; gives those that stay. No record names these any more: people must."""
        stay = []
        for name in recordings:
            try:
                delete_recordings(self._recorder, (name,))
            except StorageError:
                stay.append(f"{self._recorder.folder / name} (a recording that cannot be deleted)")
        return stay

    def _files_with(self, digits: str) -> list[str]:
        """Other files in the data folder in which the number stands, or may stand; they are not
        ours to change: an application may keep its own data there."""
        found = []
        for file in sorted(self._data.rglob("*")):
            place = str(file.relative_to(self._data))
            try:
                if self._is_of_others(file) and holds(file, [digits]):
                    found.append(place)
            except OSError:
                found.append(f"{place} (which cannot be read)")
        return found

    def _is_of_others(self, file: Path) -> bool:
        in_recordings = file.is_relative_to(self._recorder.folder)
        plain = file.is_file() and not file.is_symlink()
        return plain and not in_recordings and not self._is_database(file)

    def _is_database(self, file: Path) -> bool:
        return self._database is not None and file.name.startswith(self._database.name)


async def note_forgotten(
    log: AuditLog, actor: Actor, traces: Traces, clock: Callable[[], float] = time.time
) -> None:
    """Say in the audit log that somebody was forgotten, and not who. Raises StorageError."""
    what = (
        f"a caller: calls {traces.calls}, conversations {traces.conversations},"
        f" messages {traces.messages}"
    )
    await log.note(AuditEntry(clock(), actor.who, Deed.CALLER_FORGOTTEN, what, actor.address))
