"""A YAML file with the place of every key and value.

Designers' files (flows, actions, intents) are read through here, so that every message can say
``file:line:column``. YAML 1.2 is cut down to what such files need: text, numbers, booleans, null,
lists and mappings. Left out on purpose: anchors, aliases, merge keys, tags and several documents in
one file. They save a few lines, and cost every reader of the file. Dates stay text.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from voicebot.errors import FlowError
from voicebot.types import Json

MAX_CHARACTERS = 2_000_000
"""Longest file that is read: designers' files are far below it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: line and column count from 1; zero means the file as a whole."""

    file: str
    line: int
    column: int

    def error(self, problem: str, remedy: str = "") -> FlowError:
        """Make (not raise) the error that points here."""
        return FlowError(self.file, self.line, self.column, problem, remedy)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value. ``raw`` is its text as written, without quotes.

    ``text_offset`` is the column offset at which the text begins on its line, or None where the
    text is folded over several lines and a position inside it has no simple place.
    """

    value: str | int | float | bool | None
    raw: str
    place: Place
    text_offset: int | None = 0

    @property
    def kind(self) -> str:
        return {bool: "true or false", int: "a number", float: "a number", str: "text"}.get(
            type(self.value), "nothing"
        )

    def place_at(self, offset: int) -> Place:
        """The place of character ``offset`` of the text, as near as it can be told."""
        if self.text_offset is None:
            return self.place
        column = self.place.column + self.text_offset + offset
        return Place(self.place.file, self.place.line, column)

    def plain(self) -> Json:
        return self.value


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    place: Place
    kind = "a list"

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)

    def plain(self) -> Json:
        return [item.plain() for item in self.items]


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping. Keys are text as written (``1:`` is the key ``'1'``), in the file's order."""

    entries: Mapping[str, Node]
    key_places: Mapping[str, Place]
    place: Place
    kind = "a mapping"

    def get(self, key: str) -> Node | None:
        return self.entries.get(key)

    def plain(self) -> Json:
        return {key: node.plain() for key, node in self.entries.items()}

    def unknown_keys(self, known: Collection[str], what: str = "key") -> Iterator[FlowError]:
        """An error for each key that is not among ``known``, with the nearest known name."""
        for key, place in self.key_places.items():
            if key not in known:
                yield place.error(f"unknown {what} '{key}'", suggest(key, known))

    def misspells(self, wanted: str, known: Collection[str]) -> bool:
        """Whether a key that is unknown is told to be ``wanted``, which is then not missing too."""
        told = f"Did you mean '{wanted}'?"
        return any(error.remedy == told for error in self.unknown_keys(known))


Node: TypeAlias = Scalar | Sequence | Map


def suggest(name: str, known: Collection[str]) -> str:
    """A remedy for a name that does not exist: the nearest one, or all of a short list."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    if 0 < len(known) <= 20:
        return f"Known here: {', '.join(sorted(known))}."
    return ""


def read_document(path: Path, name: str = "") -> Node:
    """Read a YAML file; ``name`` is what messages call it (default: the path as given).

    Raises FlowError for a file that cannot be read, is not UTF-8 or is not the YAML wanted here.
    """
    name = name or str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FlowError(name, 0, 0, f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise FlowError(name, 0, 0, f"is not UTF-8 at byte {error.start}") from None
    return parse_document(text, name)


def parse_document(text: str, name: str) -> Node:
    """Parse YAML text. An empty document is null. Raises FlowError at the place of the fault."""
    if len(text) > MAX_CHARACTERS:
        raise FlowError(name, 0, 0, f"is longer than {MAX_CHARACTERS} characters")
    try:
        root = YAML(typ="safe", pure=True).compose(text)
        return _Converter(name).convert(root) if root else Scalar(None, "", Place(name, 1, 1))
    except MarkedYAMLError as error:
        raise _translate(error, name, text.splitlines()) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        problem = f"character U+{error.character:04X} may not stand in YAML"
        raise FlowError(name, line, column, problem, "Delete it.") from None
    except RecursionError:
        raise FlowError(name, 0, 0, "is nested too deeply", "Flatten it.") from None
    except (YAMLError, ValueError) as error:
        raise FlowError(name, 0, 0, f"is not YAML: {error}") from None


_REMEDIES = {
    "\\t": "Indent with spaces.",
    "mapping values are not allowed": "Put text that holds ': ' in quotes.",
    "expected <block end>": "Line this key up with the others of its mapping.",
    "'@'": "Put the text in quotes.",
    "'`'": "Put the text in quotes.",
    "'%'": "Put the text in quotes.",
    "undefined alias": "Put text that begins with '*' in quotes.",
    "alphabetic or numeric character": "Put text that begins with '*' or '&' in quotes.",
    "end of stream": "Close the quote.",
    "another document": "Keep one document in a file.",
    "simple key": "Write ': ' after the key.",
    "could not find expected ':'": "Write ': ' after a key, and '- ' before an item of a list.",
}


def _translate(error: MarkedYAMLError, name: str, lines: list[str]) -> FlowError:
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or error.context or "is not YAML")
    if "could not find expected ':'" in problem:
        mark = error.context_mark or mark  # where the key begins, not where the search for it ended
    remedy = next((say for part, say in _REMEDIES.items() if part in problem), "")
    if "\\t" in problem:
        problem = "a tab where YAML wants spaces"
    if mark is None:
        return FlowError(name, 0, 0, problem, remedy)
    if "mapping values are not allowed" in problem:
        remedy = _swallowed(lines, mark.line, mark.column) or remedy
    return FlowError(name, mark.line + 1, mark.column + 1, problem, remedy)


def _swallowed(lines: list[str], line: int, column: int) -> str:
    """The remedy where a line was taken for more of the text above it; ``line`` and ``column`` of
    the colon that is too many count from 0. Nothing where the line has two colons itself."""
    above = next((number for number in reversed(range(line)) if lines[number].strip()), None)
    if above is None or ": " in lines[line][:column]:
        return ""
    before, here = lines[above], lines[line]
    if ":" not in before:
        return f"Write ': ' after the key in line {above + 1}."
    if len(before) - len(before.lstrip()) < len(here) - len(here.lstrip()):
        return f"Line this key up with the one in line {above + 1}."
    return ""


class _Converter:
    """Turns ruamel's node graph into our tree, and refuses what we leave out."""

    _TAG = "tag:yaml.org,2002:"

    def __init__(self, name: str) -> None:
        self._name = name
        self._constructor = YAML(typ="safe", pure=True).constructor

    def convert(self, node: object) -> Node:
        if isinstance(node, ScalarNode):
            self._refuse_anchor(node)
            return self._scalar(node)
        if isinstance(node, SequenceNode):
            self._refuse_anchor(node)
            self._expect_tag(node, "seq")
            return Sequence(tuple(self.convert(item) for item in node.value), self._place(node))
        assert isinstance(node, MappingNode)
        self._refuse_anchor(node)
        self._expect_tag(node, "map")
        return self._mapping(node)

    def _mapping(self, node: MappingNode) -> Map:
        entries: dict[str, Node] = {}
        places: dict[str, Place] = {}
        for key_node, value_node in node.value:
            place = self._place(key_node)
            if not isinstance(key_node, ScalarNode):
                raise place.error(
                    "a key must be plain text", "Put text that begins with '{' or '[' in quotes."
                )
            self._refuse_anchor(key_node)
            key = key_node.value
            if key in entries:
                first = places[key].line
                raise place.error(f"'{key}' stands twice (first in line {first})", "Keep one.")
            entries[key] = self.convert(value_node)
            if _is_empty(value_node):  # its own mark is that of the next thing in the file
                entries[key] = Scalar(None, "", self._end_of(key_node))
            places[key] = place
        return Map(entries, places, self._place(node))

    def _scalar(self, node: ScalarNode) -> Scalar:
        place = self._place(node)
        tag = str(node.tag).removeprefix(self._TAG)
        if tag not in {"str", "int", "float", "bool", "null", "timestamp", "merge", "value"}:
            raise place.error(f"tag '{tag}' is not used here", "Leave the tag out.")
        value = node.value
        if tag in {"int", "float", "bool", "null"}:
            value = self._constructor.construct_object(node)
        if isinstance(value, float) and not math.isfinite(value):
            raise place.error(f"{node.value} is no number that can be used", "Write a finite one.")
        one_line = node.start_mark.line == node.end_mark.line and node.style not in {"|", ">"}
        offset = (1 if node.style else 0) if one_line else None
        return Scalar(value, node.value, place, offset)

    def _refuse_anchor(self, node: ScalarNode | SequenceNode | MappingNode) -> None:
        if node.anchor:
            raise self._place(node).error(
                f"anchor '&{node.anchor}' is not used here", "Write the value out."
            )

    def _expect_tag(self, node: SequenceNode | MappingNode, tag: str) -> None:
        if str(node.tag) != self._TAG + tag:
            raise self._place(node).error(f"tag '{node.tag}' is not used here", "Leave it out.")

    def _end_of(self, key: ScalarNode) -> Place:
        return Place(self._name, key.end_mark.line + 1, key.end_mark.column + 1)

    def _place(self, node: ScalarNode | SequenceNode | MappingNode) -> Place:
        return Place(self._name, node.start_mark.line + 1, node.start_mark.column + 1)


def _is_empty(node: object) -> bool:
    return isinstance(node, ScalarNode) and node.value == "" and node.style is None
