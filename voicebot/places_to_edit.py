"""Where a designer edits what a question listens for: the place in a grammar or intents file.

Of a grammar that is its root rule, of intents the list of them. Files are looked at again only when
they have changed; one that is large or cannot be read is told as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

from voicebot.document import Place
from voicebot.errors import GrammarError
from voicebot.grammar.files import file_of, read_source
from voicebot.grammar.readers import read_grammar
from voicebot.nlu.intent_reader import intent_files
from voicebot.types import Language

LARGEST: Final = 200_000
"""Bytes of a file that is read for a place in it."""


_Look = Callable[[Path, int], Place]


def grammar_place(folder: Path, name: str) -> Place | None:
    """The root rule of a grammar of the application in ``folder``; None where it is in no file of
    the designer's, as built-in ones."""
    try:
        path = file_of(folder / "grammars", name)
    except GrammarError:
        return None
    return _looked_up(path, _root_rule)


def intents_place(folder: Path, language: Language) -> Place | None:
    """Where the intents of ``language`` begin; None where there are none."""
    path = intent_files(folder).get(language)
    return None if path is None else _looked_up(path, _intents)


def _looked_up(path: Path, look: _Look) -> Place | None:
    try:
        known = path.stat()
    except OSError:
        return None
    if known.st_size > LARGEST:
        return Place(str(path), 0, 0)
    return look(path, known.st_mtime_ns)


@lru_cache(maxsize=256)
def _root_rule(path: Path, _changed: int) -> Place:
    try:
        grammar = read_grammar(str(path), read_source(path).data)
    except GrammarError as error:
        return Place(str(path), error.line, error.column)
    root = None if grammar.root is None else grammar.root.name
    at = next((rule.at for rule in grammar.rules if rule.name == root), None)
    return Place(str(path), 0, 0) if at is None else Place(str(path), at.line, at.column)


@lru_cache(maxsize=64)
def _intents(path: Path, _changed: int) -> Place:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    at = next((n for n, line in enumerate(lines, 1) if line.startswith("intents:")), 0)
    return Place(str(path), at, 1 if at else 0)
