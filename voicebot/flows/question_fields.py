"""Reads what a question holds (its words, what it understands, how it asks back), and what a flow
says of all its questions."""

from __future__ import annotations

from functools import partial

from voicebot.document import Map, Node, Scalar, Sequence
from voicebot.flows import atoms
from voicebot.flows.field_reader import FieldReader
from voicebot.flows.model import Commands, OfferPolicy, Trouble
from voicebot.flows.question_model import Confirm, Intents, OfferNumber
from voicebot.flows.references import ListSource, Reference
from voicebot.flows.template import Template
from voicebot.flows.vocabulary import (
    COMMANDS_KEYS,
    CONFIRM_KEYS,
    INTENTS_KEYS,
    LIST_KEYS,
    OFFER_NUMBER_KEYS,
    OFFERS_KEYS,
    TROUBLE_KEYS,
)
from voicebot.types import Json


def prompts(reader: FieldReader, node: Node) -> tuple[Template, ...]:
    if isinstance(node, Sequence) and not node.items:
        raise node.place.error("an empty list of prompts", "Write a text.")
    return reader.several(node, atoms.prompt)


def references(reader: FieldReader, node: Node) -> tuple[Reference, ...]:
    return reader.several(node, atoms.reference)


def grammars(reader: FieldReader, node: Node) -> tuple[Reference | ListSource, ...]:
    return reader.several(node, partial(_grammar, reader))


def _grammar(reader: FieldReader, node: Node) -> Reference | ListSource:
    if not isinstance(node, Map):
        return named_grammar(reader, node)
    values = reader.read(node, LIST_KEYS, "a grammar's list", node.place) or {"list": []}
    return ListSource(place=node.place, **values)


def named_grammar(reader: FieldReader, node: Node) -> Reference:
    return reader.localised(atoms.reference(node))


def field_names(reader: FieldReader, node: Node) -> tuple[str, ...]:
    return reader.several(node, atoms.field)


def texts(reader: FieldReader, node: Node) -> tuple[str, ...]:
    return reader.several(node, atoms.text)


def intents(reader: FieldReader, node: Node) -> Intents:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        if not node.value:
            raise node.place.error("intents are true or names, not false", "Leave it out.")
        return Intents(node.place)
    if not isinstance(node, Map):
        return Intents(node.place, references(reader, node))
    values = reader.read(node, INTENTS_KEYS, "intents", node.place) or {}
    return Intents(node.place, **values)


def confirm(reader: FieldReader, node: Node) -> Confirm:
    mapping = atoms.mapping(node)
    values = reader.read(mapping, CONFIRM_KEYS, "confirm", node.place) or {}
    return Confirm(
        ask=values.get("ask", ()),
        below=values.get("below"),
        **reader.yes_and_no(values, node.place),
    )


def offer_number(reader: FieldReader, node: Node) -> OfferNumber:
    mapping = atoms.mapping(node)
    values = reader.read(mapping, OFFER_NUMBER_KEYS, "number", node.place) or {}
    if "confirm" in mapping.entries and "other" not in mapping.entries:
        raise mapping.key_places["confirm"].error(
            "'confirm' without 'other'", "Add 'other': it asks for another number."
        )
    default = reader.localised(Reference("builtin:phone", node.place))
    return OfferNumber(**{"grammar": default, **values})


def keys(reader: FieldReader, node: Node) -> dict[str, Json]:
    mapping = atoms.mapping(node)
    atoms.check_keys(mapping)
    return {key: value.plain() for key, value in mapping.entries.items()}


def key_commands(reader: FieldReader, node: Node) -> dict[str, str]:
    mapping = atoms.mapping(node)
    atoms.check_keys(mapping)
    return reader.each(mapping.entries, lambda value: atoms.reference(value).name)


def commands(reader: FieldReader, node: Node) -> Commands:
    values = reader.read(atoms.mapping(node), COMMANDS_KEYS, "commands", node.place) or {}
    return Commands(
        values.get("grammar"),
        values.get("keys", {}),
        values.get("steps", {}),
        values.get("languages", {}),
    )


def trouble(reader: FieldReader, node: Node) -> Trouble:
    values = reader.read(atoms.mapping(node), TROUBLE_KEYS, "trouble", node.place)
    values = values or {"next": Reference("", node.place)}
    return Trouble(**values)


def offers(reader: FieldReader, node: Node) -> OfferPolicy:
    values = reader.read(atoms.mapping(node), OFFERS_KEYS, "offers", node.place)
    values = values or {"struggling": Reference("", node.place)}
    return OfferPolicy(**values)
