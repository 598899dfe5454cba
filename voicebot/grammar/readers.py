"""Chooses the reader of a document: SRGS in ABNF or XML form, or JSGF.

What a document says of itself decides (``#ABNF``, ``#JSGF``, ``<``); where it says nothing its
file name does; else it is taken for ABNF, whose reader says what is missing.
"""

from __future__ import annotations

from pathlib import PurePath

from voicebot.grammar.ast import Grammar
from voicebot.grammar.encoding import looks_like
from voicebot.grammar.jsgf import read_jsgf
from voicebot.grammar.srgs_abnf import read_abnf
from voicebot.grammar.srgs_xml import read_xml

SUFFIXES = (".gram", ".grxml", ".xml", ".jsgf")
"""Of file names, in the order in which a name without suffix is looked for."""

_READERS = {".grxml": read_xml, ".xml": read_xml, ".jsgf": read_jsgf}


def read_grammar(file: str, data: bytes) -> Grammar:
    """Read one document; ``file`` is how errors call it. Raises GrammarError."""
    first = looks_like(data)
    if first.startswith("#ABNF"):
        return read_abnf(file, data)
    if first.startswith("#JSGF"):
        return read_jsgf(file, data)
    if first.startswith("<"):
        return read_xml(file, data)
    return _READERS.get(PurePath(file).suffix.lower(), read_abnf)(file, data)
