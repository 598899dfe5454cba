"""Backs up the database as of one moment, recordings and the application if wanted; and restores.

A restore checks everything before it touches anything; what was there is put aside, not deleted.
Left out on purpose: caches and models, which are made anew, and settings, which hold secrets.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import voicebot
from voicebot.backup_file import APPLICATION, DATABASE, RECORDINGS, Contents, unpacked, write
from voicebot.config import Settings
from voicebot.errors import StorageError, UsageError
from voicebot.media.muting_notes import note_of
from voicebot.privacy import recordings_of
from voicebot.storage import copies


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, where what was there ``before`` lies now, and where the ``application``
    is, None where the backup has none."""

    contents: Contents
    before: tuple[Path, ...]
    application: Path | None


def back_up(
    settings: Settings, target: Path, *, recordings: bool, application: bool, replace: bool
) -> Contents:
    """Write a backup into ``target``, readable by its owner alone; a server may run meanwhile.

    Raises UsageError where ``target`` is there and not to be replaced, StorageError.
    """
    if target.exists() and not replace:
        raise UsageError(f"{target} is there already; name another file, or add --force")
    part = target.with_name(f"{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(dir=target.absolute().parent) as scratch:
            copy = Path(scratch) / DATABASE
            contents = Contents(
                made_at=datetime.now(UTC).isoformat(timespec="seconds"),
                version=voicebot.__version__,
                kind=copies.kind_of(settings.database_url),
                revision=copies.copy_database(settings.database_url, copy),
            )
            with _new(part) as file:
                files = _files(settings, copy, recordings=recordings, application=application)
                contents = write(file, contents, files)
        part.replace(target)
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
    return contents


def restore(settings: Settings, source: Path, *, force: bool, now: datetime) -> Restored:
    """Put a backup back. Raises UsageError where something is in its place and not to be put aside,
    StorageError for a damaged or newer backup; then nothing has changed."""
    data = settings.server.data
    try:
        data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=data, prefix=".restore-") as scratch:
            folder = Path(scratch)
            contents = unpacked(source, folder)
            _must_fit(settings, contents, folder / DATABASE)
            if not force:
                _must_be_free(settings, contents)
            moment = f"{now:%Y%m%d-%H%M%S}"
            aside = f"before-{moment}"
            before = [copies.put_back(settings.database_url, folder / DATABASE, aside)]
            application = None
            if contents.recordings:
                before.append(_place(folder / RECORDINGS, recordings_of(settings).folder, aside))
            if contents.application:
                application = settings.server.application
                if _is_taken(application):
                    # Somebody works there, and our data may lie in it.
                    application = data / f"application.restored-{moment}"
                _place(folder / APPLICATION, application, aside)
    except OSError as error:
        raise StorageError(f"the backup cannot be put back: {error.strerror or error}") from None
    return Restored(contents, tuple(path for path in before if path is not None), application)


@contextmanager
def _new(part: Path) -> Iterator[IO[bytes]]:
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _files(
    settings: Settings, database: Path, *, recordings: bool, application: bool
) -> Iterator[tuple[str, Path]]:
    yield DATABASE, database
    if recordings:
        yield from _sounds(recordings_of(settings).folder)
    if application:
        data = settings.server.data.absolute()
        for name, path in _below(APPLICATION, settings.server.application):
            if not path.absolute().is_relative_to(data):
                yield name, path


def _sounds(folder: Path) -> Iterator[tuple[str, Path]]:
    """The recordings, and the notes of what is still to fall silent in them: a restored one does
    so at the next start."""
    for name, path in _below(RECORDINGS, folder):
        note = note_of(path)
        noted = (f"{RECORDINGS}/{note.relative_to(folder).as_posix()}", note)
        # Before, as the note goes when all is silent; or behind, as a call goes on meanwhile.
        was_noted = note.exists()
        if was_noted:
            yield noted
        yield name, path
        if not was_noted and note.exists():
            yield noted


def _below(name: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """The plain files below a folder; nothing hidden."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        place = path.relative_to(folder)
        is_hidden = any(part.startswith(".") for part in place.parts)
        if path.is_file() and not path.is_symlink() and not is_hidden:
            yield f"{name}/{place.as_posix()}", path


def _must_fit(settings: Settings, contents: Contents, database: Path) -> None:
    """Raises StorageError for a database of another kind, a newer or a damaged one."""
    kind = copies.kind_of(settings.database_url)
    if contents.kind != kind:
        raise StorageError(f"the backup is of {contents.kind}, and storage.url names {kind}")
    copies.must_be_known(contents.revision)
    if kind == "sqlite":
        copies.checked(database)


def _must_be_free(settings: Settings, contents: Contents) -> None:
    """Raises UsageError where something would have to be put aside."""
    taken = ["the database"] if copies.is_there(settings.database_url) else []
    if contents.recordings and _is_taken(sounds := recordings_of(settings).folder):
        taken.append(str(sounds))
    if taken:
        raise UsageError(
            f"{' and '.join(taken)} would be replaced; add --force to put aside what is there"
        )


def _is_taken(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _place(folder: Path, place: Path, aside: str) -> Path | None:
    """Put a folder in its place; gives where the one that was there lies now."""
    moved = None
    if place.exists():
        moved = place.with_name(f"{place.name}.{aside}")
        place.rename(moved)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, place)
    return moved
