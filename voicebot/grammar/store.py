"""Loads an application's grammars by name and keeps them compiled.

``order_number`` is the file ``order_number.gram`` in the folder; names that begin with ``builtin:``
are made by `builtins`. References between grammars stay within the folder: nothing is fetched from
a network. A file is read again at each call, but compiled only when its content, or that of a file
it refers to, has changed.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from voicebot.errors import GrammarError
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.builtins import BUILTIN, builtin_sources
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.compiler import compile_grammar
from voicebot.grammar.disk_cache import DiskCache
from voicebot.grammar.encoding import MAX_BYTES
from voicebot.grammar.linker import Linked, SourceFile, link
from voicebot.grammar.semantics import check_tags
from voicebot.types import Language

SUFFIX = ".gram"
_KEPT = 256


def compile_source(
    source: SourceFile, folder: Path, roots: tuple[str, ...] = ()
) -> CompiledGrammar:
    """Read, link, compile and check one grammar; files it refers to are found in ``folder``.

    ``roots`` activates these rules instead of the declared root. Raises GrammarError.
    """
    return compile_linked(link_source(source, folder, roots))


def compile_linked(linked: Linked) -> CompiledGrammar:
    """Compile and check what is linked. Raises GrammarError."""
    grammar = compile_grammar(linked)
    check_tags(linked)
    return grammar


def link_source(source: SourceFile, folder: Path, roots: tuple[str, ...] = ()) -> Linked:
    """Read one grammar and all that it refers to, see `compile_source`. Raises GrammarError."""
    folder = folder.resolve()

    def resolve(uri: str, referrer: str) -> SourceFile:
        if uri.startswith(BUILTIN):
            try:
                return builtin_sources(uri)[0]
            except GrammarError as error:
                raise LookupError(_in_one(error)) from None
        return _beside(folder, uri, referrer)

    return link(source, resolve, roots)


def load_file(path: Path, roots: tuple[str, ...] = ()) -> CompiledGrammar:
    """Compile the grammar in ``path``; what it refers to must lie in the same folder or below.

    Raises GrammarError, also where the file cannot be read.
    """
    return compile_source(read_source(path), path.parent, roots)


def read_source(path: Path) -> SourceFile:
    """Read a file. Raises GrammarError where that is not possible."""
    try:
        with path.open("rb") as file:
            return SourceFile(str(path), file.read(MAX_BYTES + 1))
    except FileNotFoundError:
        raise GrammarError(str(path), 0, 0, "no such file", _nearest(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise GrammarError(str(path), 0, 0, f"cannot be read: {reason}") from None


class GrammarStore:
    """The grammars of one folder. Large ones are kept compiled in the folder ``cache``, if any."""

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        self._folder = folder
        self._cache = None if cache is None else DiskCache(cache)
        self._compiled: OrderedDict[str, CompiledGrammar] = OrderedDict()
        self._active: OrderedDict[str, ActiveGrammar] = OrderedDict()
        self._lock = threading.RLock()

    @property
    def folder(self) -> Path:
        return self._folder

    def names(self) -> tuple[str, ...]:
        """Give the names of the grammars in the folder, sorted."""
        if not self._folder.is_dir():
            return ()
        return tuple(sorted(path.stem for path in self._folder.glob(f"*{SUFFIX}")))

    def load(self, name: str) -> CompiledGrammar:
        """Give a grammar by name (for a built-in one, how it is spoken). Raises GrammarError."""
        return self._parts(name)[0]

    def active(self, grammars: Sequence[str | tuple[str, CompiledGrammar]]) -> ActiveGrammar:
        """Give these grammars as one, the first to win. Raises GrammarError.

        A grammar is named, or made elsewhere and given with its name. The language is that of the
        first voice grammar.
        """
        parts = [
            part
            for each in grammars
            for part in (
                [(each, grammar) for grammar in self._parts(each)]
                if isinstance(each, str)
                else [each]
            )
        ]
        if not parts:
            raise GrammarError(str(self._folder), 0, 0, "no grammar was asked for")
        digest = hashlib.sha256()
        for name, grammar in parts:
            digest.update(repr((name, grammar.key)).encode())
        key = digest.hexdigest()
        with self._lock:
            known = self._active.get(key)
            if known is None:
                languages = (item.main.language for _, item in parts if item.main.mode == "voice")
                language = Language(next(languages, ""))
                known = self._active[key] = ActiveGrammar(key, language, parts)
            self._active.move_to_end(key)
            if len(self._active) > _KEPT:
                self._active.popitem(last=False)
        return known

    def _parts(self, name: str) -> tuple[CompiledGrammar, ...]:
        """A built-in grammar has a part for speech and one for keys, any other one part."""
        if name.startswith(BUILTIN):
            return tuple(self._compile(source) for source in builtin_sources(name))
        path = self._folder / f"{name}{SUFFIX}"
        if not name or not path.resolve().is_relative_to(self._folder.resolve()):
            raise GrammarError(
                name or "''", 0, 0, "is no name of a grammar", "Name a file without its '.gram'."
            )
        return (self._compile(read_source(path)),)

    def _compile(self, source: SourceFile) -> CompiledGrammar:
        """Compile, or give what was compiled from the same bytes.

        What a grammar refers to is part of the key: each such file is looked at again.
        """
        with self._lock:
            content = hashlib.sha256(source.data).hexdigest()
            known = self._compiled.get(f"{source.file}:{content}")
            if known is None or not self._still_true(known):
                known = self._compile_anew(source, content)
                self._compiled[f"{source.file}:{content}"] = known
                if len(self._compiled) > _KEPT:
                    self._compiled.popitem(last=False)
            return known

    def _compile_anew(self, source: SourceFile, content: str) -> CompiledGrammar:
        if self._cache is None:
            return compile_source(source, self._folder)
        known = self._cache.get(source.file, content)
        if known is None or not self._still_true(known):
            known = compile_source(source, self._folder)
            self._cache.put(source.file, content, known)
        return known

    def _still_true(self, grammar: CompiledGrammar) -> bool:
        for document in grammar.documents[1:]:
            if document.file.startswith(BUILTIN):
                continue
            try:
                data = Path(document.file).read_bytes()
            except OSError:
                return False
            if hashlib.sha256(data).hexdigest() != document.digest:
                return False
        return True


def _beside(folder: Path, uri: str, referrer: str) -> SourceFile:
    """Read the grammar that ``uri`` means in the file ``referrer``; it must lie in ``folder``."""
    if ":" in uri or uri.startswith("//"):
        raise LookupError("grammars are not fetched from a network; put a copy in the folder")
    # Not resolved, only tidied: errors are to name files the way their designer does.
    path = Path(os.path.normpath(Path(referrer).parent / unquote(uri)))
    try:
        inside = path.resolve().is_relative_to(folder)
    except (OSError, ValueError, RuntimeError):
        raise LookupError("that is no file name") from None
    if not inside:
        raise LookupError("it lies outside the folder of the grammars")
    try:
        return read_source(path)
    except GrammarError as error:
        raise LookupError(_in_one(error)) from None


def _in_one(error: GrammarError) -> str:
    return f"{error.problem}. {error.remedy}" if error.remedy else error.problem


def _nearest(path: Path) -> str:
    known = [other.name for other in path.parent.glob(f"*{SUFFIX}")] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, known, n=1, cutoff=0.5)
    return f"Did you mean '{near[0]}'?" if near else ""
