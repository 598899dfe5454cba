"""One tree for every grammar notation: what a reader makes and the linker and compiler take.

The names are those of SRGS 1.0. Nodes are frozen and know where they stand in the source, so that
any later stage can point at the very character. ``[x]`` is `Repeat` 0 to 1, ``()`` an empty
`Sequence`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Literal, TypeAlias

from voicebot.errors import GrammarError


@dataclass(frozen=True, slots=True)
class Position:
    """Line and column, both counted from 1, columns in characters."""

    line: int
    column: int


NOWHERE = Position(0, 0)

PACKAGE = "jsgf:"
"""Begins the URI of a JSGF grammar that is known by its name alone."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is spoken or keyed: one word, or several in quotes, as written with plain spaces."""

    text: str
    at: Position


@dataclass(frozen=True, slots=True)
class Tag:
    """Semantics: a literal or a script, by the grammar's tag-format."""

    text: str
    at: Position


@dataclass(frozen=True, slots=True)
class RuleRef:
    """A reference to a rule of the same grammar."""

    name: str
    at: Position


@dataclass(frozen=True, slots=True)
class ExternalRef:
    """A reference to a rule of another grammar; ``rule`` is None for its root.

    ``uri`` is without fragment and already joined with the grammar's base; that of a JSGF grammar
    known by name is `PACKAGE` and the name.
    """

    uri: str
    rule: str | None
    media_type: str | None
    at: Position

    @property
    def written(self) -> str:
        """The reference in ABNF without its dollar: ``<places.gram#city>``.

        One by the name of a JSGF grammar as JSGF has it: ``<com.acme.places.city>``.
        """
        if self.uri.startswith(PACKAGE):
            return f"<{self.uri.removeprefix(PACKAGE)}.{self.rule or '*'}>"
        fragment = f"#{self.rule}" if self.rule is not None else ""
        return f"<{self.uri}{fragment}>"


class SpecialName(Enum):
    """Rules that every grammar has (SRGS 1.0, 2.2.3)."""

    NULL = "NULL"
    """Matches without any word."""
    VOID = "VOID"
    """Never matches."""
    GARBAGE = "GARBAGE"
    """Matches any words, or none."""


@dataclass(frozen=True, slots=True)
class Special:
    name: SpecialName
    at: Position


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Expansion, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Alternative:
    """``weight`` is >= 0, or None where none was written."""

    expansion: Expansion
    weight: float | None


@dataclass(frozen=True, slots=True)
class Alternatives:
    items: tuple[Alternative, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Repeat:
    """``maximum`` is None for no bound; ``probability`` (0..1) that of each further repeat."""

    item: Expansion
    minimum: int
    maximum: int | None
    probability: float | None
    at: Position


@dataclass(frozen=True, slots=True)
class InLanguage:
    """An expansion that is spoken in another language than the grammar's."""

    item: Expansion
    language: str
    at: Position


Expansion: TypeAlias = (
    Token | Tag | RuleRef | ExternalRef | Special | Sequence | Alternatives | Repeat | InLanguage
)


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    public: bool
    expansion: Expansion
    at: Position


@dataclass(frozen=True, slots=True)
class RootRule:
    name: str
    at: Position


@dataclass(frozen=True, slots=True)
class Grammar:
    """One grammar document. ``file`` is its name in error messages; ``language`` is empty for a
    DTMF grammar that names none; ``tag_format`` is empty where none was declared; ``digest`` is
    the SHA-256 of the document's bytes. JSGF alone has a ``name`` and ``imports`` (those of a whole
    grammar without a rule)."""

    file: str
    mode: Literal["voice", "dtmf"]
    language: str
    root: RootRule | None
    rules: tuple[Rule, ...]
    tag_format: str = ""
    tag_format_at: Position = NOWHERE
    base: str = ""
    lexicons: tuple[str, ...] = ()
    meta: tuple[tuple[str, str], ...] = ()
    http_equiv: tuple[tuple[str, str], ...] = ()
    header_tags: tuple[Tag, ...] = ()
    name: str = ""
    imports: tuple[ExternalRef, ...] = ()
    encoding: str = "utf-8"
    media_type: str = "application/srgs"
    digest: str = ""

    def written(self, rule: str) -> str:
        """Give the name of a rule as the notation of this document has it."""
        return _NAMES.get(self.media_type, "${}").format(rule)

    def error(self, at: Position, problem: str, remedy: str = "") -> GrammarError:
        """Make an error that points into this document."""
        return GrammarError(self.file, at.line, at.column, problem, remedy)


_NAMES = {"application/srgs+xml": "'{}'", "application/x-jsgf": "<{}>"}


def children(expansion: Expansion) -> tuple[Expansion, ...]:
    """Give the expansions directly inside ``expansion``, in order."""
    if isinstance(expansion, Sequence):
        return expansion.items
    if isinstance(expansion, Alternatives):
        return tuple(item.expansion for item in expansion.items)
    if isinstance(expansion, Repeat | InLanguage):
        return (expansion.item,)
    return ()


def walk(expansion: Expansion) -> Iterator[Expansion]:
    """Give ``expansion`` and everything inside it, in the order of the source."""
    pending = [expansion]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(children(node)))
