"""Loads an application's grammars by name and keeps them compiled.

``order_number`` is the file ``order_number.gram`` in the folder (or ``.grxml``, ``.xml``,
``.jsgf``; see `files`); names that begin with ``builtin:`` are made by `builtin`. A file is read
again at each call, but compiled only when its content, or that of a file it refers to, has changed.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from voicebot.errors import GrammarError
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.builtin import BUILTIN, builtin_sources
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.compiler import compile_grammar
from voicebot.grammar.disk_cache import DiskCache
from voicebot.grammar.files import grammar_files, localised_file, read_source, referred
from voicebot.grammar.linker import Linked, SourceFile, link
from voicebot.grammar.semantics import check_tags
from voicebot.types import Language

_KEPT = 256
_NO_EXTERNALS: Mapping[str, Path] = MappingProxyType({})


def compile_source(
    source: SourceFile,
    folder: Path,
    roots: tuple[str, ...] = (),
    externals: Mapping[str, Path] = _NO_EXTERNALS,
) -> CompiledGrammar:
    """Read, link, compile and check one grammar; files it refers to are found in ``folder``.

    ``roots`` activates these rules instead of the declared root; ``externals`` names the files that
    stand for some URIs. Raises GrammarError.
    """
    return compile_linked(link_source(source, folder, roots, externals))


def compile_linked(linked: Linked) -> CompiledGrammar:
    """Compile and check what is linked. Raises GrammarError."""
    grammar = compile_grammar(linked)
    check_tags(linked)
    return grammar


def link_source(
    source: SourceFile,
    folder: Path,
    roots: tuple[str, ...] = (),
    externals: Mapping[str, Path] = _NO_EXTERNALS,
) -> Linked:
    """Read one grammar and all that it refers to, see `compile_source`. Raises GrammarError."""
    folder = folder.resolve()

    def resolve(uri: str, referrer: str) -> SourceFile:
        if uri.startswith(BUILTIN):
            try:
                return builtin_sources(uri)[0]
            except GrammarError as error:
                raise LookupError(f"{error.problem}. {error.remedy}".rstrip()) from None
        return referred(folder, externals, uri, referrer)

    return link(source, resolve, roots)


def load_file(
    path: Path, roots: tuple[str, ...] = (), externals: Mapping[str, Path] = _NO_EXTERNALS
) -> CompiledGrammar:
    """Compile the grammar in ``path``; what it refers to must lie in the same folder or below, or
    be one of the ``externals`` (URI to file).

    Raises GrammarError, also where a file cannot be read.
    """
    return compile_source(read_source(path), path.parent, roots, externals)


class GrammarStore:
    """The grammars of one folder. Large ones are kept compiled in the folder ``cache``, if any."""

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        self._folder = folder
        self._cache = None if cache is None else DiskCache(cache)
        self._compiled: OrderedDict[str, CompiledGrammar] = OrderedDict()
        self._active: OrderedDict[str, ActiveGrammar] = OrderedDict()
        self._lock = threading.RLock()
        self._held: Mapping[str, CompiledGrammar] = MappingProxyType({})

    @property
    def folder(self) -> Path:
        return self._folder

    def names(self, language: Language | None = None) -> tuple[str, ...]:
        """Give the names of the grammars in the folder, sorted; of those of single languages only
        the ones of ``language``, as ``zh-CN/request``."""
        names = {path.stem for path in grammar_files(self._folder)}
        if language is not None:
            own = grammar_files(self._folder / language)
            names |= {f"{language}/{path.stem}" for path in own}
        return tuple(sorted(names))

    def snapshot(self, names: Iterable[str]) -> GrammarStore:
        """Give a store for which the grammars ``names`` stay as their files are now, whatever
        becomes of the files. What was compiled before is used again. Raises GrammarError."""
        taken = GrammarStore(self._folder)
        taken._cache = self._cache
        with self._lock:
            taken._compiled, taken._active = self._compiled.copy(), self._active.copy()
        files = (name for name in dict.fromkeys(names) if not name.startswith(BUILTIN))
        taken._held = {name: taken.load(name) for name in files}
        return taken

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
        if (held := self._held.get(name)) is not None:
            return (held,)
        return (self._compile(read_source(localised_file(self._folder, name))),)

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
