"""Grammars written in a line, for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.linker import SourceFile
from voicebot.grammar.store import compile_source
from voicebot.types import Language

Compile = Callable[..., CompiledGrammar]
Activate = Callable[..., ActiveGrammar]


def write_grammar(rules: str, *, mode: str = "voice", root: str = "main", tags: str = "") -> str:
    tag_format = f"tag-format <{tags}>;" if tags else ""
    return f"#ABNF 1.0 UTF-8;\nlanguage en-US; mode {mode}; root ${root}; {tag_format}\n{rules}\n"


@pytest.fixture
def compile_rules(tmp_path: Path) -> Compile:
    """Compile rules; two lines of header stand before them. Options as of `write_grammar`."""

    def compile_text(rules: str, **header: str) -> CompiledGrammar:
        text = write_grammar(rules, **header)
        return compile_source(SourceFile(str(tmp_path / "test.gram"), text.encode()), tmp_path)

    return compile_text


@pytest.fixture
def activate(compile_rules: Compile) -> Activate:
    """Activate one grammar given by its rules, under the name 'test'."""

    def active(rules: str, **header: str) -> ActiveGrammar:
        grammar = compile_rules(rules, **header)
        return ActiveGrammar(grammar.key, Language("en-US"), [("test", grammar)])

    return active
