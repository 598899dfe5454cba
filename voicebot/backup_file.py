"""The file of a backup: a compressed tar with a manifest at its end.

The manifest names the format, the versions and a SHA-256 of each file. Reading unpacks all of it
into a scratch folder and checks it there, so that a file which ends too early, was changed, or was
written by a newer voicebot is refused before anything is touched. A small file that unpacks to more
than any backup (a 'gzip bomb'), or to more than there is room for, is refused before it fills the
disk, or the memory.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO, Final

from voicebot.errors import StorageError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DATABASE: Final = "database"
RECORDINGS: Final = "recordings"
APPLICATION: Final = "application"
_LARGEST_MANIFEST: Final = 256 * 2**20
_BLOCK: Final = 2**20
MOST_TIMES: Final = 300
"""So much larger than the file a backup may be: databases and sound come to ten times."""
SLACK: Final = 2 * 2**30
"""Bytes that any backup may unpack to: silence packs a thousandfold."""
LEFT_FREE: Final = 256 * 2**20
"""Bytes of the disk that stay free."""
_DAMAGE = (
    *(tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError),
    # What `tarfile` and names that no file can have come to, where somebody made them up.
    *(ValueError, RecursionError),
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds and how it was made; ``digests`` are of all files, by name."""

    made_at: str
    version: str
    kind: str
    revision: str
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def recordings(self) -> int:
        return self._below(RECORDINGS)

    @property
    def application(self) -> int:
        """Files of the application."""
        return self._below(APPLICATION)

    def _below(self, folder: str) -> int:
        names = (PurePosixPath(name) for name in self.digests)
        return sum(name.parts[0] == folder and name.name[0] != "." for name in names)


def write(file: IO[bytes], contents: Contents, files: Iterator[tuple[str, Path]]) -> Contents:
    """Write a backup of ``files``, by their names in it; gives ``contents`` with their digests."""
    digests: dict[str, str] = {}
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=5) as tar:
        for name, path in files:
            # What was deleted since the files were listed: a caller was forgotten, a day was over.
            with suppress(FileNotFoundError):
                digests[name] = _add(tar, name, path)
        contents = replace(contents, digests=digests)
        manifest = json.dumps(_as_manifest(contents)).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(manifest), 0o600
        tar.addfile(info, io.BytesIO(manifest))
    return contents


def _add(tar: tarfile.TarFile, name: str, path: Path) -> str:
    """Add a file as long as it is now (a recording under way may grow); gives its digest."""
    with path.open("rb") as handle:
        info = tar.gettarinfo(arcname=name, fileobj=handle)
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        reader = _Hashing(handle)
        tar.addfile(info, reader)
        return reader.digest.hexdigest()


class _Hashing:
    """Reads a file and hashes what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block


def _as_manifest(contents: Contents) -> dict[str, object]:
    return {
        "voicebot_backup": FORMAT,
        "made_at": contents.made_at,
        "version": contents.version,
        "database": contents.kind,
        "revision": contents.revision,
        "files": dict(contents.digests),
    }


def unpacked(source: Path, folder: Path) -> Contents:
    """Unpack a backup into ``folder`` and check every file. Raises StorageError."""
    found: dict[str, str] = {}
    manifest = b""
    room = _room(source, folder)
    try:
        with (
            gzip.open(source) as packed,
            tarfile.open(fileobj=_Bounded(packed), mode="r:") as tar,
        ):
            for member in tar:
                # A file with holes says for itself how many zeros it is to be unpacked to.
                plain = member.isreg() and not member.issparse()
                data = tar.extractfile(member) if plain else None
                if data is None or not _is_ours(member.name):
                    raise _damaged(source, f"'{member.name[:60]}' has no place in it")
                room.take(member.size)
                if member.name == MANIFEST:
                    manifest = data.read(_LARGEST_MANIFEST)
                else:
                    found[member.name] = _take_out(data, folder / member.name)
    except _DAMAGE as error:
        raise _damaged(source, str(error) or "it ends too early") from None
    contents = _read_manifest(source, manifest)
    wrong = [name for name, digest in contents.digests.items() if found.get(name) != digest]
    wrong += sorted(found.keys() - contents.digests.keys())
    if wrong or DATABASE not in found:
        raise _damaged(source, f"'{(wrong or [DATABASE])[0][:60]}' is not what was written")
    return contents


@dataclass(slots=True)
class _Room:
    """What may still be unpacked of ``source``: ``likely`` bytes, for it is so large a file, and
    ``free`` bytes, for there is no more place."""

    source: Path
    likely: int
    free: int

    def take(self, wanted: int) -> None:
        """Raises StorageError where there is none for so many bytes."""
        self.likely -= wanted
        self.free -= wanted
        if self.likely < 0:
            raise StorageError(
                f"{self.source} is not restored: it would unpack to over {MOST_TIMES} times its "
                "size, as no backup does"
            )
        if self.free < 0:
            raise StorageError(
                f"{self.source} is not restored: the disk of the data folder has no room for what "
                f"is in it; make room for {-self.free // 2**20 + 1} MB or more"
            )


def _room(source: Path, folder: Path) -> _Room:
    likely = MOST_TIMES * source.stat().st_size + SLACK
    return _Room(source, likely, shutil.disk_usage(folder).free - LEFT_FREE)


class _Bounded(io.BufferedIOBase):
    """Reads on behalf of `tarfile`, which takes a header into memory however long it says it is."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _LARGEST_MANIFEST:
            raise tarfile.ReadError("a header of it is longer than any")
        return self._file.read(size)


def _is_ours(name: str) -> bool:
    parts = PurePosixPath(name).parts
    below = len(parts) > 1 and parts[0] in {RECORDINGS, APPLICATION} and ".." not in parts
    return name in {MANIFEST, DATABASE} or below


def _take_out(data: IO[bytes], path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := data.read(_BLOCK):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _read_manifest(source: Path, manifest: bytes) -> Contents:
    try:
        read = json.loads(manifest)
        made = read["voicebot_backup"]
        if made > FORMAT:
            raise StorageError(
                f"{source} was made by a newer voicebot (format {made}); restore it with that one"
            )
        files = {str(name): str(digest) for name, digest in read["files"].items()}
        made_at, version, kind, revision = (
            str(read[key]) for key in ("made_at", "version", "database", "revision")
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _damaged(source, "its manifest is missing or cannot be read") from None
    return Contents(made_at, version, kind, revision, files)


def _damaged(source: Path, problem: str) -> StorageError:
    return StorageError(f"{source} is no whole backup: {problem}")
