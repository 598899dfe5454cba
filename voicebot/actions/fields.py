"""Typed access to the keys of one action; every miss is a FlowError at its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from voicebot.document import Map, Node, Place, Scalar, Sequence, suggest


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping and the place of the key that holds it."""

    map: Map
    place: Place

    def has(self, key: str) -> bool:
        return key in self.map.entries

    def place_of(self, key: str) -> Place:
        """Where the value of ``key`` stands, or the whole where there is no such key."""
        node = self.map.get(key)
        return node.place if node else self.place

    def place_in(self, key: str, inner: str) -> Place:
        """Where the key ``inner`` of the mapping at ``key`` stands."""
        node = self.map.get(key)
        if isinstance(node, Map) and inner in node.key_places:
            return node.key_places[inner]
        return self.place_of(key)

    def text(self, key: str, default: str | None = None) -> str:
        node = self.map.get(key)
        if node is None:
            if default is not None:
                return default
            raise self.place.error(f"'{key}' is missing", f"Add '{key}:'.")
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            raise node.place.error(f"'{key}' must be text, not {node.kind}")
        return node.value

    def flag(self, key: str, *, default: bool) -> bool:
        node = self.map.get(key)
        if node is None:
            return default
        if not isinstance(node, Scalar) or not isinstance(node.value, bool):
            raise node.place.error(f"'{key}' must be true or false, not {node.kind}")
        return node.value

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        node = self.map.get(key)
        return default if node is None else whole_number(key, node, least, most)

    def choice(self, key: str, known: Collection[str], default: str) -> str:
        value = self.text(key, default)
        if value not in known:
            remedy = suggest(value, known)
            raise self.place_of(key).error(f"'{key}' cannot be '{value}'", remedy)
        return value

    def mapping(self, key: str) -> Mapping[str, Node]:
        node = self.map.get(key)
        if node is None:
            return {}
        if not isinstance(node, Map):
            raise node.place.error(f"'{key}' must be a mapping, not {node.kind}")
        return node.entries

    def statuses(self, key: str) -> frozenset[int]:
        """HTTP statuses: one number or a list of them."""
        node = self.map.get(key)
        if node is None:
            return frozenset()
        nodes = node.items if isinstance(node, Sequence) else (node,)
        return frozenset(whole_number(key, item, 100, 599) for item in nodes)


def whole_number(key: str, node: Node, least: int, most: int) -> int:
    """The node's whole number. Raises FlowError when it is another thing or out of range."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        remedy = f"Give a whole number from {least} to {most}."
        raise node.place.error(f"'{key}' has no use for this value", remedy)
    return value
