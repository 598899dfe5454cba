"""Reads SRGS 1.0 grammars in ABNF form into the common tree.

W3C Recommendation of 16 March 2004. The header is read by `abnf_header`, what may be said by
`abnf_expansion`; here are the document and its rules (section 3). A reader only knows one document;
references are followed by `linker`. Where a grammar could be read in two ways nothing is guessed:
the error says what to write. Lexicons and http-equiv are kept, not used.
"""

from __future__ import annotations

import hashlib

from voicebot.errors import GrammarError
from voicebot.grammar.abnf_cursor import Cursor
from voicebot.grammar.abnf_expansion import ExpansionReader
from voicebot.grammar.abnf_header import HEADER_WORDS, HeaderReader
from voicebot.grammar.ast import Grammar, Rule, SpecialName
from voicebot.grammar.encoding import decode
from voicebot.grammar.lexer import Kind, Lexeme, SourceText, lex

MEDIA_TYPE = "application/srgs"

_SPECIAL = {name.value for name in SpecialName}


def read_abnf(file: str, data: bytes) -> Grammar:
    """Read one document; ``file`` is how errors call it. Raises GrammarError."""
    text, offset, encoding = decode(file, data)
    source = SourceText(file, text)
    cursor = Cursor(source, lex(source, offset))
    header = HeaderReader(cursor).read()
    rules = _RulesReader(cursor, header.base_uri).read()
    return Grammar(
        file=file,
        mode=header.mode,
        language=header.language,
        root=header.root,
        rules=rules,
        tag_format=header.tag_format,
        tag_format_at=header.tag_format_at,
        base=header.base_uri,
        lexicons=tuple(header.lexicons),
        meta=tuple(header.meta),
        http_equiv=tuple(header.http_equiv),
        header_tags=tuple(header.tags),
        encoding=encoding,
        media_type=MEDIA_TYPE,
        digest=hashlib.sha256(data).hexdigest(),
    )


class _RulesReader:
    """Reads the rules, up to the end of the document."""

    def __init__(self, cursor: Cursor, base: str) -> None:
        self._cursor = cursor
        self._expansions = ExpansionReader(cursor, base)

    def read(self) -> tuple[Rule, ...]:
        rules: dict[str, Rule] = {}
        while self._cursor.next.kind is not Kind.END:
            rule = self._rule()
            if rule.name in rules:
                line = rules[rule.name].at.line
                raise GrammarError(
                    self._cursor.source.file,
                    rule.at.line,
                    rule.at.column,
                    f"the rule ${rule.name} is defined twice, first in line {line}",
                    "Rename one, or join both with '|'.",
                )
            rules[rule.name] = rule
        if not rules:
            raise self._cursor.error(
                self._cursor.next,
                "the grammar has no rules",
                "Add one, such as '$answer = yes | no;'.",
            )
        return tuple(rules.values())

    def _rule(self) -> Rule:
        public = False
        if self._cursor.next.kind is Kind.WORD and self._cursor.next.text in ("public", "private"):
            public = self._cursor.take().text == "public"
        elif self._cursor.next.kind is Kind.WORD:
            raise self._late_declaration(self._cursor.next)
        name = self._cursor.expect(Kind.RULE, "A rule is written '$name = words to say;'.")
        if name.text in _SPECIAL:
            raise self._cursor.error(
                name, f"${name.text} is built in and cannot be defined", "Choose another name."
            )
        if not self._cursor.is_symbol("="):
            raise self._cursor.error(
                self._cursor.next,
                f"'=' must follow ${name.text}, not {self._cursor.describe(self._cursor.next)}",
                f"A rule is written '${name.text} = words to say;'.",
            )
        self._cursor.take()
        expansion = self._expansions.read()
        self._cursor.semicolon(f"the rule ${name.text}")
        return Rule(name.text, public, expansion, self._cursor.at(name))

    def _late_declaration(self, word: Lexeme) -> GrammarError:
        if word.text in HEADER_WORDS:
            return self._cursor.error(
                word, f"'{word.text}' must stand before the first rule", "Move this line up."
            )
        return self._cursor.error(
            word,
            f"a rule must begin here, not '{word.text}'",
            "Is the ';' before it one too many? A rule is written '$name = words to say;'.",
        )
