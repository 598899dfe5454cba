"""The notation of conditions and values: ``order.status == 'shipped' and not answer.cancel``.

A small language, read once when the flow is loaded, with positions for messages; nothing is ever
given to Python's own evaluation. Loosest first::

    or        and        not        == != < <= > >= in, not in        + -        (…)

with names (``order.number``), numbers, text in single or double quotes, ``true``, ``false``,
``null`` and lists (``['shipped', 'packed']``). Left out on purpose: calls and loops; what needs
them is work for an action.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from voicebot.document import Place
from voicebot.flows.expression import Binary, Expression, ListOf, Literal, Name, Not

MAX_DEPTH = 30
"""Deepest nesting of brackets and ``not``."""

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d{1,15}(?:\.\d{1,15})?)
      | (?P<name>[A-Za-z_]\w*(?:\.\w+)*)
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<sign>==|!=|<=|>=|[<>()\[\],+-])
      )""",
    re.VERBOSE | re.ASCII,
)
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_RESERVED = {"and", "or", "not", "in", *_CONSTANTS}
_COMPARISONS = {"==", "!=", "<", "<=", ">", ">=", "in"}
_MISTAKES = {
    "=": "Write '==' to compare.",
    "&": "Write 'and'.",
    "|": "Write 'or'.",
    "!": "Write 'not'.",
    "'": "Close the quote.",
    '"': "Close the quote.",
}


def parse_condition(text: str, place_at: Callable[[int], Place]) -> Expression:
    """Read an expression; ``place_at`` gives the place of a character of ``text``.

    Raises FlowError that points at the fault.
    """
    return _Reader(text, place_at).read()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


class _Reader:
    """A recursive-descent reader, one method a level of precedence."""

    def __init__(self, text: str, place_at: Callable[[int], Place]) -> None:
        self._text = text
        self._place_at = place_at
        self._tokens = self._tokenise()
        self._at = 0
        self._depth = 0

    def read(self) -> Expression:
        if self._next.kind == "end":
            raise self._place_at(0).error("an empty expression", "Write a condition or a name.")
        expression = self._or()
        if self._next.kind != "end":
            raise self._unexpected("an operator such as '==' or 'and'")
        return expression

    def _tokenise(self) -> list[_Token]:
        tokens: list[_Token] = []
        text = self._text.rstrip()
        offset = 0
        while offset < len(text):
            match = _TOKEN.match(text, offset)
            if match is None:
                start = offset + len(text[offset:]) - len(text[offset:].lstrip())
                remedy = _MISTAKES.get(text[start], "")
                raise self._place_at(start).error(f"'{text[start]}' has no meaning here", remedy)
            kind = match.lastgroup or ""
            word = match[kind]
            kind = "word" if word in _RESERVED else kind
            tokens.append(_Token(kind, word, match.start(match.lastgroup or 0)))
            offset = match.end()
        return [*tokens, _Token("end", "", len(text))]

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> _Token | None:
        token = self._next
        if token.kind in {"word", "sign"} and token.text in texts:
            self._at += 1
            return token
        return None

    def _or(self) -> Expression:
        left = self._and()
        while self._take("or"):
            left = Binary("or", left, self._and())
        return left

    def _and(self) -> Expression:
        left = self._not()
        while self._take("and"):
            left = Binary("and", left, self._not())
        return left

    def _not(self) -> Expression:
        if self._take("not"):
            self._descend()
            operand = self._not()
            self._depth -= 1
            return Not(operand)
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self._sum()
        if self._take("not"):
            if not self._take("in"):
                raise self._unexpected("'in' after 'not'")
            return Binary("not in", left, self._sum())
        operator = self._take(*_COMPARISONS)
        if operator is None:
            return left
        expression = Binary(operator.text, left, self._sum())
        if self._next.text in _COMPARISONS:
            raise self._unexpected("'and' between two comparisons")
        return expression

    def _sum(self) -> Expression:
        left = self._primary()
        while operator := self._take("+", "-"):
            left = Binary(operator.text, left, self._primary())
        return left

    def _primary(self) -> Expression:
        token = self._next
        if self._take("("):
            self._descend()
            inner = self._or()
            self._close(")")
            return inner
        if self._take("["):
            return self._list()
        if self._take("-"):
            self._descend()
            operand = self._primary()
            self._depth -= 1
            return Binary("-", Literal(0), operand)
        if token.text in _CONSTANTS:
            self._at += 1
            return Literal(_CONSTANTS[token.text])
        if token.kind not in {"number", "name", "text"}:
            raise self._unexpected("a name or a value")
        self._at += 1
        if token.kind == "name":
            return Name(tuple(token.text.split(".")), self._place_at(token.offset))
        if token.kind == "text":
            return Literal(token.text[1:-1])
        return Literal(float(token.text) if "." in token.text else int(token.text))

    def _list(self) -> Expression:
        self._descend()
        items: list[Expression] = []
        while self._next.text != "]":
            items.append(self._or())
            if not self._take(","):
                break
        self._close("]")
        return ListOf(tuple(items))

    def _close(self, bracket: str) -> None:
        self._depth -= 1
        if not self._take(bracket):
            raise self._unexpected(f"'{bracket}'")

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._place_at(self._next.offset).error("nested too deeply", "Use a second step.")

    def _unexpected(self, wanted: str) -> Exception:
        token = self._next
        found = f"'{token.text}'" if token.text else "the end"
        return self._place_at(token.offset).error(f"expected {wanted}, not {found}")
