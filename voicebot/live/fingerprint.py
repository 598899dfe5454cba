"""Which version of an application a folder holds: a hash over the content of its files.

`look` is cheap (names, sizes and times) and tells that something was saved; `fingerprint` reads
everything and tells whether that made a difference. Two folders with the same files have the same
version, whenever and wherever they were written. Left out on purpose: settings, which take effect
at a start, and what editors leave beside the files they save.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

FOLDERS: Final = ("flows", "grammars", "audio", "intents", "knowledge", "actions")
"""The folders of an application."""

FILES: Final = ("queues.yaml", "alerts.yaml")
"""Files of an application that stand beside its folders."""

DIGITS: Final = 12

_LITTER: Final = ("~", ".swp", ".swx", ".tmp", ".part", ".bak", ".pyc")

Look: TypeAlias = tuple[tuple[str, int, int, int], ...]
"""For each file its name, time of change in ns, size in bytes and number of its inode."""


def application_files(folder: Path) -> Iterator[Path]:
    """Every file of the application in ``folder``, in the order of their names."""
    for name in FOLDERS:
        for place, inner, files in os.walk(folder / name):
            inner[:] = sorted(each for each in inner if not _is_litter(each))
            for file in sorted(files):
                if not _is_litter(file):
                    yield Path(place, file)
    for name in FILES:
        if (folder / name).is_file():
            yield folder / name


def look(folder: Path) -> Look:
    """How the files stand now; reads none of them."""
    found = []
    for path in application_files(folder):
        try:
            status = path.stat()
        except OSError:  # it went while we looked: the next look tells
            continue
        changed_ns = max(status.st_mtime_ns, status.st_ctime_ns)
        found.append((str(path), changed_ns, status.st_size, status.st_ino))
    return tuple(found)


def fingerprint(folder: Path) -> str:
    """The version that the files make: `DIGITS` hexadecimal digits of a SHA-256."""
    whole = hashlib.sha256()
    for path in application_files(folder):
        try:
            content = path.read_bytes()
        except OSError as error:
            content = type(error).__name__.encode()
        name = path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape")
        whole.update(hashlib.sha256(name).digest() + hashlib.sha256(content).digest())
    return whole.hexdigest()[:DIGITS]


def _is_litter(name: str) -> bool:
    return name.startswith((".", "#")) or name.endswith(_LITTER) or name == "__pycache__"
