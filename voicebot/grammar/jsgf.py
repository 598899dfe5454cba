"""Reads JSGF 1.0 grammars into the common tree (JSpeech Grammar Format, W3C Note of 5 June 2000).

All public rules of a JSGF grammar may begin an utterance. Tags are plain text. A grammar without
locale is taken for US English. An import names a grammar as Java names classes; which file that is
`files` decides. A name is looked for among the grammar's own rules, then among rules imported
by name, then (by `linker`) in grammars imported whole.
"""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise

from voicebot.grammar.abnf_cursor import Cursor
from voicebot.grammar.ast import PACKAGE, Expansion, ExternalRef, Grammar, Rule, RuleRef
from voicebot.grammar.encoding import decode_jsgf
from voicebot.grammar.jsgf_expansion import SPECIAL, JsgfExpansionReader
from voicebot.grammar.jsgf_lexer import lex_jsgf
from voicebot.grammar.jsgf_recursion import find_inner_recursion
from voicebot.grammar.lexer import Kind, Lexeme, SourceText

MEDIA_TYPE = "application/x-jsgf"
DEFAULT_LANGUAGE = "en-US"

_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def read_jsgf(file: str, data: bytes) -> Grammar:
    """Read one document; ``file`` is how errors call it. Raises GrammarError."""
    text, offset, encoding, locale = decode_jsgf(file, data)
    source = SourceText(file, text)
    lexemes = lex_jsgf(source, offset)
    own = {
        name.text
        for name, after in pairwise(lexemes)
        if name.kind is Kind.RULE and after.kind is Kind.SYMBOL and after.text == "="
    }
    reader = _DocumentReader(Cursor(source, lexemes), own)
    reader.read()
    grammar = Grammar(
        file=file,
        mode="voice",
        language=locale or DEFAULT_LANGUAGE,
        root=None,
        rules=tuple(reader.rules.values()),
        name=reader.name,
        imports=tuple(reader.imports),
        encoding=encoding,
        media_type=MEDIA_TYPE,
        digest=hashlib.sha256(data).hexdigest(),
    )
    find_inner_recursion(grammar)
    return grammar


class _DocumentReader:
    def __init__(self, cursor: Cursor, own: set[str]) -> None:
        """``own`` are the names of the rules that the document defines."""
        self._cursor = cursor
        self._own = own
        self._expansions = JsgfExpansionReader(cursor, self._reference)
        self.name = ""
        self.imports: list[ExternalRef] = []
        self.rules: dict[str, Rule] = {}

    def read(self) -> None:
        self._declaration()
        while self._is_word("import"):
            self._import()
        while not self._cursor.is_kind(Kind.END):
            self._rule()
        if not self.rules:
            raise self._cursor.error(
                self._cursor.next,
                "the grammar has no rules",
                "Add one, such as 'public <answer> = yes | no;'.",
            )

    def _is_word(self, word: str) -> bool:
        return self._cursor.is_kind(Kind.WORD) and self._cursor.next.text == word

    def _declaration(self) -> None:
        form = "Write it as 'grammar name;' after the first line."
        if not self._is_word("grammar"):
            raise self._cursor.error(
                self._cursor.next,
                f"the name of the grammar must stand before "
                f"{self._cursor.describe(self._cursor.next)}",
                form,
            )
        self._cursor.take()
        name = self._cursor.expect(Kind.WORD, form)
        if not _NAME.fullmatch(name.text):
            raise self._cursor.error(
                name, f"'{name.text[:60]}' is no name of a grammar", "Use letters, digits and dots."
            )
        self.name = name.text
        self._cursor.semicolon("the name of the grammar")

    def _import(self) -> None:
        self._cursor.take()
        form = "Write it as 'import <package.grammar.rule>;' or 'import <package.grammar.*>;'."
        found = self._cursor.expect(Kind.REFERENCE, form)
        package, _, rule = found.text.rpartition(".")
        if not _NAME.fullmatch(package):
            raise self._cursor.error(found, f"'{package[:60]}' is no name of a grammar", form)
        at = self._cursor.at(found)
        name = None if rule == "*" else rule
        self.imports.append(ExternalRef(f"{PACKAGE}{package}", name, None, at))
        self._cursor.semicolon("the import")

    def _rule(self) -> None:
        public = self._is_word("public")
        if public:
            self._cursor.take()
        form = "A rule is written '<name> = words to say;'."
        if self._is_word("import") or self._is_word("grammar"):
            raise self._cursor.error(
                self._cursor.next,
                f"'{self._cursor.next.text}' must stand before the first rule",
                "Move this line up: first 'grammar', then 'import', then the rules.",
            )
        name = self._cursor.expect(Kind.RULE, form)
        self._check_name(name)
        if not self._cursor.is_symbol("="):
            raise self._cursor.error(
                self._cursor.next,
                f"'=' must follow <{name.text}>, not {self._cursor.describe(self._cursor.next)}",
                form,
            )
        self._cursor.take()
        expansion = self._expansions.read()
        self._cursor.semicolon(f"the rule <{name.text}>")
        self.rules[name.text] = Rule(name.text, public, expansion, self._cursor.at(name))

    def _check_name(self, name: Lexeme) -> None:
        if name.text in SPECIAL:
            raise self._cursor.error(
                name, f"<{name.text}> is built in and cannot be defined", "Choose another name."
            )
        if "." in name.text:
            raise self._cursor.error(
                name,
                f"a rule is defined by its simple name, not as <{name.text[:60]}>",
                f"Write <{name.text.rpartition('.')[2][:60]}>.",
            )
        if name.text in self.rules:
            raise self._cursor.error(
                name,
                f"the rule <{name.text}> is defined twice, first in line "
                f"{self.rules[name.text].at.line}",
                "Rename one, or join both with '|'.",
            )

    def _reference(self, name: Lexeme) -> Expansion:
        """Tell what a name means; one that is not known here is left to the linker."""
        at = self._cursor.at(name)
        if self._cursor.is_symbol("="):
            raise self._cursor.source.error(
                self._cursor.before(2).end,
                f"';' is missing before the rule <{name.text}>",
                "Add it here.",
            )
        package, dot, rule = name.text.rpartition(".")
        if not dot and name.text in self._own:
            return RuleRef(name.text, at)
        if dot and package == self.name and rule in self._own:
            return RuleRef(rule, at)
        found = {item.uri: item for item in self.imports if _means(item, package, rule)}
        if len(found) > 1:
            raise self._cursor.error(
                name,
                f"<{name.text}> is imported from {' and '.join(sorted(found))[:200]}",
                "Write the full name: <package.grammar.rule>.",
            )
        if found:
            return ExternalRef(next(iter(found)), rule, None, at)
        return ExternalRef(f"{PACKAGE}{package}", rule, None, at) if dot else RuleRef(rule, at)


def _means(imported: ExternalRef, package: str, rule: str) -> bool:
    """Tell whether ``package.rule`` (a part of the package, or none of it) may mean an import."""
    if imported.rule not in (rule, None) or (imported.rule is None and not package):
        return False
    return not package or f".{imported.uri.removeprefix(PACKAGE)}".endswith(f".{package}")
