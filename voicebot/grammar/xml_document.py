"""XML bytes to a small tree of elements with exact positions, safe for files of any origin.

Built on expat. A document type declaration may name a DTD, which is not read; one that declares
anything itself is refused, so that there are no entities but XML's own five, no default attributes
and nothing to expand or fetch. Depth, elements and size have bounds. What lies in foreign
namespaces is dropped with all it holds (SRGS 1.0, 5.4.1); comments and processing instructions are
passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.parsers import expat

from voicebot.errors import GrammarError
from voicebot.grammar.ast import Position
from voicebot.grammar.encoding import decode_xml

MAX_DEPTH = 100
MAX_PARTS = 400_000
"""Elements, attributes, lines and other pieces of text of one document."""

XML = "http://www.w3.org/XML/1998/namespace"

_BETWEEN = r"(?>[ \t\r\n]++|<!--(?>(?:(?!--)(?s:.))*+)-->|<\?(?>(?:(?!\?>)(?s:.))*+)\?>)*+"
_DOCTYPE = re.compile(rf"{_BETWEEN}(?P<doctype><!DOCTYPE\b)")
_PLAIN_DOCTYPE = re.compile(
    r"""<!DOCTYPE[ \t\r\n]++[^\s<>\["']++"""
    r"""(?:[ \t\r\n]++(?:SYSTEM|PUBLIC[ \t\r\n]++(?>"[^"<>]*+"|'[^'<>]*+'))"""
    r"""[ \t\r\n]++(?>"[^"<>]*+"|'[^'<>]*+'))?+[ \t\r\n]*+>"""
)


@dataclass(frozen=True, slots=True)
class Text:
    """Characters between two tags: pieces that are contiguous in the file, each with its place."""

    pieces: tuple[tuple[str, Position], ...]

    def __str__(self) -> str:
        return "".join(text for text, _ in self.pieces)

    def places(self) -> Callable[[int], Position]:
        """Give a function that tells where the character with an offset in `str` stands.

        It is to be asked for rising offsets, and takes no longer for all than for the last.
        """
        pieces = iter(self.pieces)
        text, at = next(pieces)
        start, line, line_start = 0, at.line, 1 - at.column

        def place(offset: int) -> Position:
            nonlocal text, start, line, line_start
            while offset >= start + len(text):
                start += len(text)
                text, at = next(pieces)
                line, line_start = at.line, start + 1 - at.column
            while (end := text.find("\n", max(0, line_start - start), offset - start)) >= 0:
                line, line_start = line + 1, start + end + 1
            return Position(line, offset - line_start + 1)

        return place


@dataclass(slots=True)
class Element:
    """``name`` and attributes without namespace; those of XML itself begin with ``xml:``."""

    name: str
    attributes: dict[str, str]
    at: Position
    children: list[Node] = field(default_factory=list)


Node: TypeAlias = Element | Text


@dataclass(frozen=True, slots=True)
class Document:
    root: Element
    encoding: str


def read_document(file: str, data: bytes, namespace: str) -> Document:
    """Read a document whose root is in ``namespace``.

    Raises GrammarError for what is not well-formed, not safe, too large or of no or another
    namespace.
    """
    text, encoding = decode_xml(file, data)
    text = _without_doctype(file, text)
    return Document(_TreeBuilder(file, namespace).build(text.encode()), encoding)


def _without_doctype(file: str, text: str) -> str:
    """Blank a plain document type declaration: without one, no entity can be left undefined."""
    found = _DOCTYPE.match(text)
    if found is None:
        return text
    start = found.start("doctype")
    plain = _PLAIN_DOCTYPE.match(text, start)
    if plain is None:
        at = _after(Position(1, 1), text[:start])
        raise GrammarError(
            file,
            at.line,
            at.column,
            "this document type declares entities or other things of its own",
            "Write what they stand for, and remove the declaration.",
        )
    blank = re.sub(r"[^\r\n]", " ", plain[0])
    return f"{text[:start]}{blank}{text[plain.end() :]}"


class _TreeBuilder:
    """Listens to expat."""

    def __init__(self, file: str, namespace: str) -> None:
        self._file = file
        self._namespace = namespace
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.ordered_attributes = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._root: Element | None = None
        self._open: list[Element] = []
        self._pieces: list[tuple[list[str], Position]] = []
        self._text_end = (0, 0)
        self._foreign = 0
        self._parts = 0

    def build(self, data: bytes) -> Element:
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code) or "it cannot be read"
            raise GrammarError(
                self._file,
                error.lineno,
                error.offset + 1,
                f"this is no well-formed XML: {reason}",
                _REMEDIES.get(reason, ""),
            ) from None
        assert self._root is not None  # expat refuses a document without elements
        return self._root

    def _here(self) -> Position:
        return Position(self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1)

    def _fail(self, problem: str, remedy: str = "") -> GrammarError:
        at = self._here()
        return GrammarError(self._file, at.line, at.column, problem, remedy)

    def _count(self, parts: int) -> None:
        self._parts += parts
        if self._parts > MAX_PARTS:
            raise self._fail("the grammar is too large", "Split it.")

    def _doctype(self, *_: object) -> None:
        raise self._fail("a document type cannot be declared here", "Remove it.")

    def _start(self, full_name: str, attributes: list[str]) -> None:
        if self._foreign:
            self._foreign += 1
        self._count(1 + len(attributes) // 2)
        if len(self._open) + self._foreign >= MAX_DEPTH:
            raise self._fail(
                f"elements are nested more than {MAX_DEPTH} deep",
                "Give the inner part a rule of its own.",
            )
        if self._foreign:
            return
        namespace, _, name = full_name.rpartition(" ")
        if namespace != self._namespace:
            if not self._open:
                raise self._wrong_namespace(namespace, name)
            self._foreign = 1
            return
        self._close_text()
        element = Element(name, self._own(attributes), self._here())
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _own(self, attributes: list[str]) -> dict[str, str]:
        """Give the attributes without namespace and those of XML itself."""
        own: dict[str, str] = {}
        for full_name, value in zip(attributes[::2], attributes[1::2], strict=True):
            namespace, _, name = full_name.rpartition(" ")
            if namespace in ("", XML):
                own[f"xml:{name}" if namespace else name] = value
        return own

    def _end(self, _full_name: str) -> None:
        if self._foreign:
            self._foreign -= 1
            return
        self._close_text()
        self._open.pop()

    def _characters(self, text: str) -> None:
        if self._foreign:
            return
        line, column = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
        self._count(1)
        if self._pieces and self._text_end == (line, column):
            self._pieces[-1][0].append(text)
        else:
            self._pieces.append(([text], Position(line, column)))
        # Expat gives line ends by themselves.
        self._text_end = (line + 1, 1) if text == "\n" else (line, column + len(text))

    def _close_text(self) -> None:
        """Add the text so far to the element it stands in."""
        if not self._pieces:
            return
        text = Text(tuple(("".join(texts), at) for texts, at in self._pieces))
        self._open[-1].children.append(text)
        self._pieces = []

    def _wrong_namespace(self, namespace: str, name: str) -> GrammarError:
        found = f"in the namespace '{namespace}'" if namespace else "in no namespace"
        return self._fail(
            f"the root element '{name}' is {found}",
            f'Write <{name} xmlns="{self._namespace}" ...>.',
        )


_REMEDIES = {
    "undefined entity": "XML knows &amp; &lt; &gt; &quot; and &apos;; write other characters.",
    "not well-formed (invalid token)": "Write & as &amp; and < as &lt;.",
    "no element found": "Begin with <grammar>.",
    "mismatched tag": "Close elements in the order in which they were opened.",
    "unbound prefix": 'Declare it: xmlns:prefix="...".',
}


def _after(at: Position, text: str) -> Position:
    """Give the place just after ``text``, which begins at ``at``."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = plain.count("\n")
    if lines:
        return Position(at.line + lines, len(plain) - plain.rfind("\n"))
    return Position(at.line, at.column + len(text))
