"""Rule expansions of ABNF: what may be said (SRGS 1.0, section 2)."""

from __future__ import annotations

import math
import re

from voicebot.grammar.abnf_cursor import Cursor
from voicebot.grammar.abnf_header import LANGUAGE
from voicebot.grammar.ast import (
    Alternative,
    Alternatives,
    Expansion,
    ExternalRef,
    InLanguage,
    Repeat,
    RuleRef,
    Sequence,
    Special,
    SpecialName,
    Tag,
    Token,
)
from voicebot.grammar.lexer import Kind, Lexeme
from voicebot.grammar.references import join

MAX_NESTING = 50
MAX_REPEAT = 1000

_SPECIAL = {name.value for name in SpecialName}
_REPEAT = re.compile(
    r"\s*(?P<low>\d{1,9})\s*(?P<range>-\s*(?P<high>\d{1,9})?)?\s*(?:/\s*(?P<p>[\d.]+)\s*/)?\s*"
)


class ExpansionReader:
    """Recursive descent, `MAX_NESTING` brackets deep at most."""

    def __init__(self, cursor: Cursor, base: str) -> None:
        """``base`` is what references to other grammars are relative to, or empty."""
        self._cursor = cursor
        self._base = base
        self._depth = 0

    def read(self) -> Expansion:
        """Read alternatives up to the symbol that ends them, which stays. Raises GrammarError."""
        first = self._cursor.next
        items = [self._alternative()]
        while self._cursor.is_symbol("|"):
            self._cursor.take()
            items.append(self._alternative())
        if len(items) == 1 and items[0].weight is None:
            return items[0].expansion
        return Alternatives(tuple(items), self._cursor.at(first))

    def _alternative(self) -> Alternative:
        weight = None
        if self._cursor.next.kind is Kind.WEIGHT:
            weight = self._number(self._cursor.take(), "weight", math.inf)
        return Alternative(self._sequence(), weight)

    def _sequence(self) -> Expansion:
        first = self._cursor.next
        items: list[Expansion] = []
        while (item := self._item()) is not None:
            items.append(item)
        if not items:
            raise self._cursor.error(
                first,
                f"something to say must stand before {self._cursor.describe(first)}",
                "Where nothing need be said write $NULL or put [ ] around the rest.",
            )
        return items[0] if len(items) == 1 else Sequence(tuple(items), self._cursor.at(first))

    def _item(self) -> Expansion | None:
        """Read one thing with what is attached to it; None where the sequence ends."""
        item = self._primary()
        if item is None:
            return None
        if self._cursor.is_kind(Kind.LANGUAGE):
            item = self._in_language(item, self._cursor.take())
        if not self._cursor.is_kind(Kind.ANGLE):
            return item
        item = self._repeat(item, self._cursor.take())
        if self._cursor.is_kind(Kind.LANGUAGE):
            raise self._cursor.error(
                self._cursor.next,
                "the language must stand before the repeat",
                f"Write it as !{self._cursor.next.text} <...>.",
            )
        if self._cursor.is_kind(Kind.ANGLE):
            raise self._cursor.error(
                self._cursor.next,
                "a repeat cannot follow a repeat",
                "Put the first in brackets: (...).",
            )
        return item

    def _primary(self) -> Expansion | None:
        lexeme = self._cursor.next
        match lexeme.kind:
            case Kind.WORD:
                return Token(self._cursor.take().text, self._cursor.at(lexeme))
            case Kind.STRING:
                return Token(" ".join(self._cursor.take().text.split()), self._cursor.at(lexeme))
            case Kind.TAG:
                return Tag(self._cursor.take().text, self._cursor.at(lexeme))
            case Kind.RULE:
                return self._rule_reference(self._cursor.take())
            case Kind.REFERENCE:
                return self._external(self._cursor.take())
            case Kind.SYMBOL if lexeme.text in "([":
                return self._bracketed(self._cursor.take())
            case Kind.WEIGHT:
                raise self._cursor.error(
                    lexeme,
                    "a weight must stand at the start of an alternative",
                    "Write it as (/0.7/ this | /0.3/ that).",
                )
            case Kind.ANGLE | Kind.LANGUAGE | Kind.MEDIA_TYPE if self._sequence_starts():
                raise self._cursor.error(
                    lexeme, f"{lexeme.kind.value} must follow what it is meant for", ""
                )
        return None

    def _sequence_starts(self) -> bool:
        """Whether nothing that could carry an attachment stands before this lexeme."""
        before = self._cursor.before()
        return before.kind is Kind.WEIGHT or (before.kind is Kind.SYMBOL and before.text in "=|([")

    def _rule_reference(self, lexeme: Lexeme) -> Expansion:
        if self._cursor.is_symbol("="):
            before = self._cursor.before(2)
            if before.text in ("public", "private"):
                before = self._cursor.before(3)
            raise self._cursor.source.error(
                before.end, f"';' is missing before the rule ${lexeme.text}", "Add it here."
            )
        if lexeme.text in _SPECIAL:
            return Special(SpecialName(lexeme.text), self._cursor.at(lexeme))
        return RuleRef(lexeme.text, self._cursor.at(lexeme))

    def _external(self, lexeme: Lexeme) -> ExternalRef:
        uri, _, fragment = lexeme.text.strip().partition("#")
        media_type = self._cursor.take().text if self._cursor.next.kind is Kind.MEDIA_TYPE else None
        if not uri:
            raise self._cursor.error(
                lexeme,
                "this reference names no grammar",
                f"A rule of this file is written ${fragment or 'rule'}.",
            )
        return ExternalRef(
            join(self._base, uri), fragment or None, media_type, self._cursor.at(lexeme)
        )

    def _bracketed(self, opening: Lexeme) -> Expansion:
        closing = ")" if opening.text == "(" else "]"
        if self._cursor.is_symbol(closing):
            self._cursor.take()
            return Sequence((), self._cursor.at(opening))
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise self._cursor.error(
                opening,
                f"brackets are nested more than {MAX_NESTING} deep",
                "Give the inner part a rule of its own.",
            )
        inside = self.read()
        self._depth -= 1
        if not self._cursor.is_symbol(closing):
            raise self._cursor.error(
                self._cursor.next,
                f"'{closing}' is missing before {self._cursor.describe(self._cursor.next)}",
                f"The '{opening.text}' is in line {self._cursor.at(opening).line}, "
                f"column {self._cursor.at(opening).column}.",
            )
        self._cursor.take()
        return Repeat(inside, 0, 1, None, self._cursor.at(opening)) if closing == "]" else inside

    def _in_language(self, item: Expansion, lexeme: Lexeme) -> Expansion:
        if not LANGUAGE.fullmatch(lexeme.text):
            raise self._cursor.error(
                lexeme, f"'{lexeme.text}' is no language tag", "Use one of BCP 47, such as en-US."
            )
        return InLanguage(item, lexeme.text, self._cursor.at(lexeme))

    def _repeat(self, item: Expansion, lexeme: Lexeme) -> Repeat:
        found = _REPEAT.fullmatch(lexeme.text)
        if found is None:
            raise self._cursor.error(
                lexeme,
                f"<{lexeme.text}> is no repeat",
                "Write it as <2>, <0-1>, <2-4>, <1-> or <1- /0.6/>; a rule as $<file.gram#rule>.",
            )
        low = int(found["low"])
        high = int(found["high"]) if found["high"] else None if found["range"] else low
        if max(low, high or 0) > MAX_REPEAT:
            raise self._cursor.error(
                lexeme,
                f"<{lexeme.text}> repeats more than {MAX_REPEAT} times",
                f"Leave the end open: <{min(low, MAX_REPEAT)}->.",
            )
        if high is not None and high < low:
            raise self._cursor.error(
                lexeme, f"<{lexeme.text}> ends before it begins", f"Write it as <{high}-{low}>."
            )
        probability = self._number(lexeme, "probability", 1.0, found["p"]) if found["p"] else None
        return Repeat(item, low, high, probability, self._cursor.at(lexeme))

    def _number(self, lexeme: Lexeme, what: str, most: float, written: str | None = None) -> float:
        text = (lexeme.text if written is None else written).strip()
        value = float(text) if re.fullmatch(r"\d{1,12}(\.\d{0,12})?|\.\d{1,12}", text) else -1.0
        if not 0 <= value <= most:
            limits = "0 or more" if math.isinf(most) else f"from 0 to {most:g}"
            raise self._cursor.error(
                lexeme, f"'{text}' is no {what}", f"Use a plain number, {limits}, such as /0.6/."
            )
        return value
