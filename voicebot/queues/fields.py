"""Values of ``queues.yaml`` read with their places; every miss is a FlowError at its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from voicebot.document import Map, Node, Place, Scalar, Sequence, suggest

_T = TypeVar("_T")
Read = Callable[[Node], _T]


class Fields:
    """A mapping whose keys are all known. Raises FlowError for one that is not."""

    def __init__(self, node: Node, known: Collection[str], what: str) -> None:
        self.map = mapping(node, what)
        for problem in self.map.unknown_keys(known):
            raise problem

    def read(self, key: str, read: Read[_T], default: _T) -> _T:
        node = self.map.get(key)
        return default if node is None else read(node)

    def need(self, key: str, read: Read[_T]) -> _T:
        node = self.map.get(key)
        if node is None:
            raise self.map.place.error(f"'{key}' is missing", f"Add '{key}:'.")
        return read(node)

    def each(self, key: str) -> tuple[Node, ...]:
        """The things at ``key``: a list, or one alone, or none."""
        node = self.map.get(key)
        return () if node is None else items(node)

    def place_of(self, key: str) -> Place:
        return self.map.key_places.get(key, self.map.place)


def mapping(node: Node, what: str) -> Map:
    if not isinstance(node, Map):
        raise node.place.error(f"{what} is a mapping, not {node.kind}", "Write 'key: value'.")
    return node


def text(node: Node) -> str:
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
        raise node.place.error(f"expected text, not {node.kind}")
    return node.value


def seconds(node: Node) -> float:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e7:
        raise node.place.error("expected seconds", "Give a number, 0 or more.")
    return float(value)


def whole(least: int, most: int) -> Read[int]:
    """Reads a whole number within the bounds."""

    def read(node: Node) -> int:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise node.place.error(f"expected a whole number from {least} to {most}")
        return value

    return read


def choice(known: Collection[str]) -> Read[str]:
    """Reads one of these words."""

    def read(node: Node) -> str:
        word = text(node)
        if word not in known:
            raise node.place.error(f"'{word}' is not known here", suggest(word, known))
        return word

    return read


def items(node: Node) -> tuple[Node, ...]:
    """A list, or one thing alone."""
    return node.items if isinstance(node, Sequence) else (node,)


def levels(least: int) -> Read[Mapping[str, int]]:
    """Reads skills with the proficiency of each, ``least`` to 10."""
    level = whole(least, 10)

    def read(node: Node) -> Mapping[str, int]:
        return {name: level(each) for name, each in mapping(node, "skills").entries.items()}

    return read
