"""Reads mappings by a table of keys; what is wrong is collected, not raised.

A key whose value is wrong is left out, so that one check of a file shows all its problems. How a
value of each shape is read is told by `flows.fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from keyword import iskeyword
from typing import Any, TypeAlias, TypeVar

from voicebot.document import Map, Node, Place, Sequence
from voicebot.errors import FlowError
from voicebot.flows.localisation import grammar_name
from voicebot.flows.references import Reference
from voicebot.flows.shapes import Key, Shape
from voicebot.types import Language

_T = TypeVar("_T")


class FieldReader:
    """Reads mappings by a table of keys, and adds every fault to ``problems``.

    ``language`` is that of the flow; ``translated`` says that the flow is another's translation.
    ``readers`` read a value of each shape, or raise FlowError.
    """

    def __init__(
        self,
        problems: list[FlowError],
        language: Language,
        readers: Mapping[Shape, ShapeReader],
        *,
        translated: bool = False,
    ) -> None:
        self.problems = problems
        self._language = language
        self._readers = readers
        self._translated = translated

    def read(
        self, mapping: Map, keys: tuple[Key, ...], what: str, place: Place
    ) -> dict[str, Any] | None:
        """The values by key, or None where one that must be there is missing or wrong.

        A key that is a word of Python's ends in '_': ``if_``. ``what`` names the mapping in
        messages, ``place`` is where a missing key is reported.
        """
        known = {key.name for key in keys}
        self.problems += mapping.unknown_keys(known, f"key in {what}:")
        values: dict[str, Any] = {}
        complete = True
        for key in keys:
            node = mapping.get(key.name)
            if node is None:
                if key.required:
                    if not mapping.misspells(key.name, known):
                        missing = f"{what} has no '{key.name}'"
                        self.problems.append(place.error(missing, f"Add it: {key.meaning}."))
                    complete = False
                continue
            value = self.attempt(partial(self._readers[key.shape], self), node)
            if value is None:
                complete = complete and not key.required
            else:
                values[f"{key.name}_" if iskeyword(key.name) else key.name] = value[0]
        return values if complete else None

    def attempt(self, read: Callable[[Node], _T], node: Node) -> tuple[_T] | None:
        """The value in a tuple (it may itself be None), or None where it is wrong."""
        count = len(self.problems)
        try:
            value = read(node)
        except FlowError as problem:
            self.problems.append(problem)
            return None
        return (value,) if len(self.problems) == count else None

    def each(self, nodes: Mapping[str, Node], read: Callable[[Node], _T]) -> dict[str, _T]:
        """The values of a mapping, without those that are wrong."""
        tried = {key: self.attempt(read, node) for key, node in nodes.items()}
        return {key: value[0] for key, value in tried.items() if value is not None}

    def several(self, node: Node, read: Callable[[Node], _T]) -> tuple[_T, ...]:
        """The values of a list, without those that are wrong; or a single value."""
        if not isinstance(node, Sequence):
            return (read(node),)
        tried = [self.attempt(read, item) for item in node]
        return tuple(value[0] for value in tried if value is not None)

    def localised(self, reference: Reference) -> Reference:
        """A grammar as it is named in the flow's language."""
        name = grammar_name(reference.name, self._language, translated=self._translated)
        return Reference(name, reference.place)

    def yes_and_no(self, values: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """The grammar and keys of a question to be answered by yes or no."""
        default = self.localised(Reference("builtin:boolean", place))
        return {
            "grammar": values.get("grammar", default),
            "keys": values.get("keys", {"1": True, "2": False}),
        }


ShapeReader: TypeAlias = Callable[[FieldReader, Node], Any]
