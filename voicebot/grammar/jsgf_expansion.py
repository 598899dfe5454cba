"""Rule expansions of JSGF: what may be said (JSGF 1.0, section 4).

``*`` and ``+`` bind to what stands directly before them, as do tags, of which there may be several.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from voicebot.grammar.abnf_cursor import Cursor
from voicebot.grammar.abnf_expansion import MAX_NESTING
from voicebot.grammar.ast import (
    Alternative,
    Alternatives,
    Expansion,
    Repeat,
    Sequence,
    Special,
    SpecialName,
    Tag,
    Token,
)
from voicebot.grammar.lexer import Kind, Lexeme

SPECIAL = {"NULL": SpecialName.NULL, "VOID": SpecialName.VOID}

_WEIGHT = re.compile(r"(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:[eE][+-]?\d)?[fFdD]?")


class JsgfExpansionReader:
    """Recursive descent, `MAX_NESTING` brackets deep at most."""

    def __init__(self, cursor: Cursor, reference: Callable[[Lexeme], Expansion]) -> None:
        """``reference`` tells what a rule name means."""
        self._cursor = cursor
        self._reference = reference
        self._depth = 0

    def read(self) -> Expansion:
        """Read alternatives up to the symbol that ends them, which stays. Raises GrammarError."""
        first = self._cursor.next
        items = [self._alternative()]
        while self._cursor.is_symbol("|"):
            self._cursor.take()
            items.append(self._alternative())
        weights = [item.weight for item in items if item.weight is not None]
        if len(weights) not in (0, len(items)):
            raise self._cursor.error(
                first,
                "some of these alternatives have a weight and some have none",
                "JSGF wants weights on all of them or on none.",
            )
        if weights and not any(weights):
            raise self._cursor.error(
                first, "all weights are 0", "At least one must be greater than 0."
            )
        if len(items) == 1 and not weights:
            return items[0].expansion
        return Alternatives(tuple(items), self._cursor.at(first))

    def _alternative(self) -> Alternative:
        weight = None
        if self._cursor.is_kind(Kind.WEIGHT):
            weight = self._weight(self._cursor.take())
        return Alternative(self._sequence(), weight)

    def _weight(self, lexeme: Lexeme) -> float:
        text = lexeme.text.strip()
        if not _WEIGHT.fullmatch(text):
            raise self._cursor.error(
                lexeme, f"'{text[:30]}' is no weight", "Use a plain number, such as /0.6/."
            )
        return float(text.rstrip("fFdD"))

    def _sequence(self) -> Expansion:
        first = self._cursor.next
        items: list[Expansion] = []
        while (item := self._primary()) is not None:
            items.append(self._repeated(item))
            while self._cursor.is_kind(Kind.TAG):
                tag = self._cursor.take()
                items.append(Tag(tag.text, self._cursor.at(tag)))
        self._check_end(first, not items)
        return items[0] if len(items) == 1 else Sequence(tuple(items), self._cursor.at(first))

    def _check_end(self, first: Lexeme, nothing: bool) -> None:
        """Refuse what cannot stand after a sequence, or in its place."""
        found = self._cursor.next
        if found.kind is Kind.TAG:
            raise self._cursor.error(
                found, "a tag must follow what it is meant for", "Write it as <NULL> {tag}."
            )
        if found.kind is Kind.WEIGHT:
            raise self._cursor.error(
                found,
                "a weight must stand at the start of an alternative",
                "Write it as (/0.7/ this | /0.3/ that).",
            )
        if found.kind is Kind.SYMBOL and found.text in "*+":
            raise self._cursor.error(
                found,
                f"'{found.text}' must follow what it is meant for, without a tag or another "
                "operator between",
                "Put the first part in brackets: (...).",
            )
        if nothing:
            raise self._cursor.error(
                first,
                f"something to say must stand before {self._cursor.describe(first)}",
                "Where nothing need be said write <NULL> or put [ ] around the rest.",
            )

    def _repeated(self, item: Expansion) -> Expansion:
        found = self._cursor.next
        if found.kind is not Kind.SYMBOL or found.text not in "*+":
            return item
        self._cursor.take()
        return Repeat(item, 0 if found.text == "*" else 1, None, None, self._cursor.at(found))

    def _primary(self) -> Expansion | None:
        lexeme = self._cursor.next
        match lexeme.kind:
            case Kind.WORD:
                return Token(self._cursor.take().text, self._cursor.at(lexeme))
            case Kind.STRING:
                return Token(" ".join(self._cursor.take().text.split()), self._cursor.at(lexeme))
            case Kind.RULE:
                self._cursor.take()
                if (name := SPECIAL.get(lexeme.text)) is not None:
                    return Special(name, self._cursor.at(lexeme))
                return self._reference(lexeme)
            case Kind.SYMBOL if lexeme.text in "([":
                return self._bracketed(self._cursor.take())
        return None

    def _bracketed(self, opening: Lexeme) -> Expansion:
        closing = ")" if opening.text == "(" else "]"
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
            at = self._cursor.at(opening)
            raise self._cursor.error(
                self._cursor.next,
                f"'{closing}' is missing before {self._cursor.describe(self._cursor.next)}",
                f"The '{opening.text}' is in line {at.line}, column {at.column}.",
            )
        self._cursor.take()
        return Repeat(inside, 0, 1, None, self._cursor.at(opening)) if closing == "]" else inside
