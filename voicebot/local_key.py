"""The key of this machine: whoever may read the server's data folder may use its API.

The server writes a new one at each start, readable by its own user alone, so that `voicebot call`
and `voicebot dial` beside it need no token. Whoever reads that folder reads the database too: the
key gives nothing away that they did not have.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from voicebot.errors import StorageError

NAME: Final = "local.key"


def write_key(folder: Path, secret: str) -> None:
    """Put ``secret`` there in place of another. Raises StorageError."""
    file, fresh = folder / NAME, folder / f"{NAME}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(secret)
        fresh.replace(file)
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}") from None


def read_key(folder: Path) -> str:
    """The key, empty where no server runs on this folder or it is not ours to read."""
    try:
        return (folder / NAME).read_text().strip()
    except OSError:
        return ""


def remove_key(folder: Path, secret: str) -> None:
    """Take ``secret`` away; that of another server, which came later, stays."""
    if read_key(folder) == secret:
        (folder / NAME).unlink(missing_ok=True)
