"""What the settings say of keeping records: old ones go, a little at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.config import Settings
from voicebot.errors import StorageError
from voicebot.media.muting_notes import note_of
from voicebot.media.recorder import Recorder, days_ago
from voicebot.storage.tidying import Kind, SqlTidying

log = structlog.get_logger(__name__)

DAY_S: Final = 86_400
TIDY_EVERY_S: Final = 3600.0
BREATH_S: Final = 0.2
"""Between two pieces: calls come first."""

RECORDINGS: Final = "recordings"
"""The kind that is no table: files, counted in days."""


class RecordKeeping:
    """Keeps records as long as the settings say. ``engine`` stays its giver's; ``clock`` gives UTC
    epoch seconds."""

    def __init__(
        self, settings: Settings, engine: AsyncEngine, clock: Callable[[], float] = time.time
    ) -> None:
        self._days = {
            kind: days for kind in Kind if (days := getattr(settings.retention, kind.value))
        }
        self._recording_days = settings.recording.keep_days
        self._recorder = recordings_of(settings)
        self._tidying = SqlTidying(engine)
        self._clock = clock

    async def keep_tidy(self) -> None:
        """Tidy now and every hour, until cancelled. Files of recordings are looked after where they
        are written."""
        while self._days:
            for kind in self._days:
                try:
                    rows = await self._tidy(kind, BREATH_S)
                except StorageError as error:
                    log.warning("not_tidied", kind=kind.value, problem=str(error))
                except Exception:  # what nobody thought of may not end the tidying for good
                    log.exception("not_tidied", kind=kind.value)
                else:
                    if rows:
                        log.info("tidied", kind=kind.value, rows=rows)
            await asyncio.sleep(TIDY_EVERY_S)

    async def tidy(self) -> Mapping[str, int]:
        """Delete at once what is older than it is to be kept; how much of each kind that has a
        time. Raises StorageError."""
        gone = {kind.value: await self._tidy(kind, 0.0) for kind in self._days}
        if self._recording_days:
            first_kept = days_ago(self._recording_days, datetime.fromtimestamp(self._clock()))
            days = await asyncio.to_thread(self._recorder.delete_before, first_kept)
            gone[RECORDINGS] = days
        return gone

    async def _tidy(self, kind: Kind, breath_s: float) -> int:
        before = self._clock() - self._days[kind] * DAY_S
        rows = 0
        while True:
            began = time.perf_counter()
            piece = await self._tidying.piece(kind, before)
            rows += piece.rows
            await asyncio.to_thread(delete_recordings, self._recorder, piece.recordings)
            if not piece.more:
                return rows
            # As long as the piece took, at least: who waits for SQLite's lock looks now and then
            # only, and would find it taken for seconds.
            await asyncio.sleep(max(breath_s, time.perf_counter() - began))


def recordings_of(settings: Settings) -> Recorder:
    """Where recordings lie; it writes none."""
    return Recorder(settings.server.data / settings.recording.folder, settings.recording.format)


def delete_recordings(recorder: Recorder, names: tuple[str, ...]) -> int:
    """Delete these files, as far as they are there; how many went. Raises StorageError."""
    found = [path for name in names if (path := recorder.path(name)) is not None]
    for path in found:
        _delete(path)
        _delete(note_of(path))
    return len(found)


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path} cannot be deleted: {error.strerror}") from None
