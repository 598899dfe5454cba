"""A place in the lexemes of an ABNF document, shared by the readers of header and rules."""

from __future__ import annotations

from voicebot.errors import GrammarError
from voicebot.grammar.ast import Position
from voicebot.grammar.lexer import Kind, Lexeme, SourceText


class Cursor:
    """Looks at the next lexeme, takes it, and makes errors that point at it."""

    def __init__(self, source: SourceText, lexemes: list[Lexeme]) -> None:
        """``lexemes`` ends with one of kind END."""
        self.source = source
        self._lexemes = lexemes
        self._index = 0

    @property
    def next(self) -> Lexeme:
        return self._lexemes[self._index]

    def take(self) -> Lexeme:
        lexeme = self._lexemes[self._index]
        if lexeme.kind is not Kind.END:
            self._index += 1
        return lexeme

    def is_kind(self, kind: Kind) -> bool:
        return self.next.kind is kind

    def is_symbol(self, symbol: str) -> bool:
        return self.next.kind is Kind.SYMBOL and self.next.text == symbol

    def expect(self, kind: Kind, form: str) -> Lexeme:
        if self.next.kind is not kind:
            raise self.error(
                self.next,
                f"{kind.value} must stand here, not {self.describe(self.next)}",
                form,
            )
        return self.take()

    def semicolon(self, what: str) -> None:
        if self.is_symbol(";"):
            self.take()
            return
        found = self.next
        if found.kind is Kind.SYMBOL and found.text in ")]":
            raise self.error(
                found, f"this '{found.text}' closes nothing", "Remove it, or open it before."
            )
        raise self.source.error(
            self.before().end,
            f"';' is missing after {what}",
            f"Add it before {self.describe(found)}.",
        )

    def describe(self, lexeme: Lexeme) -> str:
        if lexeme.kind is Kind.END:
            return "the end of the file"
        written = " ".join(self.source.text[lexeme.offset : lexeme.end].split())
        return f"'{written if len(written) <= 30 else written[:27] + '...'}'"

    def before(self, steps: int = 1) -> Lexeme:
        """Give the lexeme taken last, or ``steps`` back; the first where there are not so many."""
        return self._lexemes[max(0, self._index - steps)]

    def at(self, lexeme: Lexeme) -> Position:
        return self.source.position(lexeme.offset)

    def error(self, lexeme: Lexeme, problem: str, remedy: str) -> GrammarError:
        return self.source.error(lexeme.offset, problem, remedy)
