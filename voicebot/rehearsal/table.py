"""Tables: one test written, a test for each row run.

``<name>`` in any text of the test, keys of mappings included, stands for the value of the row; a
text that is one placeholder alone becomes the value itself, a number or null as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from voicebot.document import Map, Node, Place, Scalar, Sequence, suggest

_PLACEHOLDER = re.compile(r"<([a-z_][a-z0-9_]*)>")

Row = Mapping[str, Node]


def rows_of(node: Node) -> tuple[Row, ...]:
    """The rows of a ``table``. Raises FlowError where it is none, or its rows do not agree."""
    if not isinstance(node, Sequence) or not node.items:
        raise node.place.error(f"a table is a list of rows, not {node.kind}", "Write '- {a: 1}'.")
    rows = []
    for item in node:
        if not isinstance(item, Map) or not item.entries:
            raise item.place.error(f"a row is a mapping, not {item.kind}", "Write '- {a: 1}'.")
        rows.append(item)
    first = rows[0]
    for row in rows[1:]:
        for name in first.entries:
            if name not in row.entries:
                raise row.place.error(f"the row has no '{name}'", "Every row has the same names.")
        for problem in row.unknown_keys(first.entries, "name in a row:"):
            raise problem
    return tuple(row.entries for row in rows)


def filled(node: Node, row: Row, used: set[str]) -> Node:
    """``node`` with the values of ``row`` for its placeholders; their names go to ``used``.

    Raises FlowError for a placeholder that the row does not have.
    """
    match node:
        case Scalar():
            return _scalar(node, row, used)
        case Sequence():
            return replace(node, items=tuple(filled(item, row, used) for item in node.items))
        case Map():
            names = {key: _text(key, node.key_places[key], row, used) for key in node.entries}
            return replace(
                node,
                entries={names[key]: filled(each, row, used) for key, each in node.entries.items()},
                key_places={names[key]: place for key, place in node.key_places.items()},
            )


def label(row: Row) -> str:
    """A row in short, for the name of its test."""
    return ", ".join(
        node.raw if isinstance(node, Scalar) else str(node.plain()) for node in row.values()
    )


def _scalar(node: Scalar, row: Row, used: set[str]) -> Node:
    if not isinstance(node.value, str):
        return node
    alone = _PLACEHOLDER.fullmatch(node.raw)
    if alone and alone[1] in row:
        used.add(alone[1])
        return _at_place_of(row[alone[1]], node)
    text = _text(node.raw, node.place, row, used)
    return replace(node, value=text, raw=text)


def _at_place_of(value: Node, node: Scalar) -> Node:
    """A failed expectation points to the test, not to the row: the row stands in the name."""
    return replace(value, place=node.place)


def _text(text: str, place: Place, row: Row, used: set[str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in row:
            raise place.error(f"the table has no '{name}'", suggest(name, row))
        used.add(name)
        cell = row[name]
        if not isinstance(cell, Scalar):
            raise cell.place.error(f"'{name}' is {cell.kind}, which cannot be part of a text")
        return cell.raw

    return _PLACEHOLDER.sub(value, text)
