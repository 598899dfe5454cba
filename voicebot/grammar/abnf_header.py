"""The header of an ABNF grammar: declarations before the first rule (SRGS 1.0, section 4)."""

from __future__ import annotations

import difflib
import re
from typing import Literal

from voicebot.errors import GrammarError
from voicebot.grammar.abnf_cursor import Cursor
from voicebot.grammar.ast import NOWHERE, Position, RootRule, Tag
from voicebot.grammar.lexer import Kind, Lexeme

HEADER_WORDS = (
    "language",
    "mode",
    "root",
    "tag-format",
    "base",
    "lexicon",
    "meta",
    "http-equiv",
    "public",
    "private",
)
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


class Header:
    """What the declarations before the first rule have said so far."""

    def __init__(self) -> None:
        self.mode: Literal["voice", "dtmf"] = "voice"
        self.language = ""
        self.root: RootRule | None = None
        self.tag_format = ""
        self.tag_format_at = NOWHERE
        self.base = ""
        self.lexicons: list[str] = []
        self.meta: list[tuple[str, str]] = []
        self.http_equiv: list[tuple[str, str]] = []
        self.tags: list[Tag] = []
        self.seen: set[str] = set()

    @property
    def base_uri(self) -> str:
        """What references are relative to: a base declaration wins over a meta of that name."""
        return self.base or dict(self.meta).get("base", "")


class HeaderReader:
    """Fills a `Header` from the lexemes."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._header = Header()

    def read(self) -> Header:
        """Read all declarations. Raises GrammarError, also where the language is missing."""
        first = self._cursor.next
        while self._declaration():
            pass
        if not self._header.language and self._header.mode == "voice":
            raise self._cursor.error(
                first,
                "the grammar declares no language",
                "Add a line such as 'language en-US;' after the first line.",
            )
        return self._header

    def _declaration(self) -> bool:
        """Read one declaration of the header; False where the rules begin."""
        first = self._cursor.next
        if first.kind is Kind.TAG:
            self._header.tags.append(Tag(self._cursor.take().text, self._cursor.at(first)))
            self._cursor.semicolon("the tag")
            return True
        if first.kind is not Kind.WORD or first.text in ("public", "private"):
            return False
        if first.text not in HEADER_WORDS:
            raise self._unknown_declaration(first)
        self._cursor.take()
        repeatable = first.text in ("lexicon", "meta", "http-equiv")
        if not repeatable and first.text in self._header.seen:
            raise self._cursor.error(
                first, f"'{first.text}' is declared twice", "Keep one of the two lines."
            )
        self._header.seen.add(first.text)
        self._read_declaration(first)
        self._cursor.semicolon(f"the '{first.text}' declaration")
        return True

    def _read_declaration(self, first: Lexeme) -> None:
        header = self._header
        match first.text:
            case "language":
                header.language = self._language()
            case "mode":
                header.mode = self._mode()
            case "root":
                name = self._cursor.expect(Kind.RULE, "Write it as 'root $rule;'.")
                header.root = RootRule(name.text, self._cursor.at(name))
            case "tag-format":
                header.tag_format, header.tag_format_at = self._angle(first)
            case "base":
                header.base = self._angle(first)[0]
            case "lexicon":
                header.lexicons.append(self._angle(first)[0])
            case "meta":
                header.meta.append(self._named_content(first))
            case _:
                header.http_equiv.append(self._named_content(first))

    def _language(self) -> str:
        word = self._cursor.expect(Kind.WORD, "Write it as 'language en-US;'.")
        if not LANGUAGE.fullmatch(word.text):
            raise self._cursor.error(
                word, f"'{word.text}' is no language tag", "Use one of BCP 47, such as en-US."
            )
        return word.text

    def _mode(self) -> Literal["voice", "dtmf"]:
        word = self._cursor.expect(Kind.WORD, "The mode is 'voice' or 'dtmf'.")
        if word.text == "voice":
            return "voice"
        if word.text == "dtmf":
            return "dtmf"
        raise self._cursor.error(
            word, f"'{word.text}' is no mode", "The mode is 'voice' or 'dtmf'."
        )

    def _angle(self, first: Lexeme) -> tuple[str, Position]:
        found = self._cursor.expect(Kind.ANGLE, f"Write it as '{first.text} <...>;'.")
        return found.text.strip(), self._cursor.at(found)

    def _named_content(self, first: Lexeme) -> tuple[str, str]:
        form = f'Write it as {first.text} "name" is "content";'
        name = self._cursor.expect(Kind.STRING, form)
        word = self._cursor.expect(Kind.WORD, form)
        if word.text != "is":
            raise self._cursor.error(word, f"'is' must stand here, not '{word.text}'", form)
        return name.text, self._cursor.expect(Kind.STRING, form).text

    def _unknown_declaration(self, first: Lexeme) -> GrammarError:
        near = difflib.get_close_matches(first.text, HEADER_WORDS, n=1, cutoff=0.6)
        remedy = f"Did you mean '{near[0]}'?" if near else "A rule begins with '$': $name = ...;"
        return self._cursor.error(first, f"'{first.text}' is no declaration", remedy)
