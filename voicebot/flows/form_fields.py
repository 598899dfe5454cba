"""Reads the parts of a form (`flows.form_model`)."""

from __future__ import annotations

from functools import partial

from voicebot.document import Node
from voicebot.flows import atoms
from voicebot.flows.field_reader import FieldReader
from voicebot.flows.form_model import Aside, FormSlot, Review, SlotConfirm
from voicebot.flows.vocabulary import ASIDE_KEYS, REVIEW_KEYS, SLOT_CONFIRM_KEYS, SLOT_KEYS


def slots(reader: FieldReader, node: Node) -> dict[str, FormSlot]:
    mapping = atoms.mapping(node)
    if not mapping.entries:
        raise node.place.error("a form without slots", "Name what it asks for.")
    for name, place in mapping.key_places.items():
        atoms.check_name(name, place)
        atoms.check_not_a_fact(name, place)
    found: dict[str, FormSlot] = {}
    for name, body in mapping.entries.items():
        tried = reader.attempt(partial(_slot, reader, name), body)
        if tried is not None:
            found[name] = tried[0]
    return found


def _slot(reader: FieldReader, name: str, node: Node) -> FormSlot:
    values = reader.read(atoms.mapping(node), SLOT_KEYS, f"slot '{name}'", node.place) or {
        "ask": ()
    }
    return FormSlot(name=name, place=node.place, **values)


def slot_confirm(reader: FieldReader, node: Node) -> SlotConfirm:
    mapping = atoms.mapping(node)
    values = reader.read(mapping, SLOT_CONFIRM_KEYS, "confirm", node.place) or {}
    for key in ("ask", "say"):
        if f"{key}_below" in mapping.entries and key not in mapping.entries:
            raise mapping.key_places[f"{key}_below"].error(
                f"'{key}_below' without '{key}'", f"Add '{key}': the words."
            )
    if "ask" not in mapping.entries and "say" not in mapping.entries:
        raise node.place.error("confirm has neither 'ask' nor 'say'", "Add one of them.")
    return SlotConfirm(
        ask=values.get("ask", ()),
        say=values.get("say", ()),
        ask_below=values.get("ask_below"),
        say_below=values.get("say_below"),
        **reader.yes_and_no(values, node.place),
    )


def review(reader: FieldReader, node: Node) -> Review:
    values = reader.read(atoms.mapping(node), REVIEW_KEYS, "review", node.place) or {}
    return Review(
        values.get("ask", ()), values.get("change", ()), **reader.yes_and_no(values, node.place)
    )


def aside(reader: FieldReader, node: Node) -> Aside:
    values = reader.read(atoms.mapping(node), ASIDE_KEYS, "aside", node.place) or {}
    return Aside(values.get("grammar", ()), values.get("steps", {}), values.get("intents", False))
