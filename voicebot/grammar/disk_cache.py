"""Compiled grammars on disk, so that a restart does not compile a long list of names again.

A file is named after the hash of what it was compiled from and begins with the hash of what it
holds; whatever is wrong with it makes it a miss. Pickle runs whatever it reads, so only the classes
of a compiled grammar are let in: a file that somebody else wrote can be wrong, but not harmful.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import tempfile
from pathlib import Path

import voicebot
from voicebot.grammar.compiled import CompiledGrammar

FOLDER = "grammars"
"""The cache's folder within a server's data folder."""

LEAST_STATES = 1_000
"""Smaller grammars compile faster than a file is worth."""

MOST_FILES = 200
_FORMAT = 1
_SUFFIX = ".grammar"
_ALLOWED = {
    "array": {"_array_reconstructor", "array"},
    "voicebot.grammar.ast": {"ExternalRef", "Grammar", "Position", "RootRule", "Tag"},
    "voicebot.grammar.compiled": {"CompiledGrammar", "CompiledRule"},
    "voicebot.grammar.packed": {"PackedOutputs", "PackedStates"},
}


class DiskCache:
    """Compiled grammars in ``folder``, which is made when first needed.

    A disk that is full or cannot be written costs speed, never an error.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, file: str, content: str) -> CompiledGrammar | None:
        """Give what was compiled from ``file`` when the hash of its bytes was ``content``."""
        path = self._path(file, content)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        size = hashlib.sha256().digest_size
        body = data[size:]
        if hashlib.sha256(body).digest() != data[:size]:
            return None
        try:
            found = _Unpickler(io.BytesIO(body)).load()
        except Exception:  # noqa: BLE001 - a pickle can fail in any way; each is a miss
            return None
        return found if isinstance(found, CompiledGrammar) else None

    def put(self, file: str, content: str, grammar: CompiledGrammar) -> None:
        """Keep ``grammar`` if it is large enough to be worth it; all at once or not at all."""
        if len(grammar.states) < LEAST_STATES:
            return
        body = pickle.dumps(grammar, pickle.HIGHEST_PROTOCOL)
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room()
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as part:
                    part.write(hashlib.sha256(body).digest() + body)
                Path(name).replace(self._path(file, content))
            except OSError:
                Path(name).unlink(missing_ok=True)

    def _path(self, file: str, content: str) -> Path:
        name = repr((_FORMAT, voicebot.__version__, file, content))
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:40]}{_SUFFIX}"

    def _make_room(self) -> None:
        files = sorted(self._folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime)
        for path in files[: len(files) - MOST_FILES + 1]:
            path.unlink(missing_ok=True)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if name in _ALLOWED.get(module, ()):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a grammar")
