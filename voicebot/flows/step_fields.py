"""Reads what steps hold beside questions: where they lead, what they set and show, and what callers
do who wait in a queue."""

from __future__ import annotations

from functools import partial

from voicebot.document import Map, Node, Scalar, Sequence
from voicebot.flows import atoms, question_fields
from voicebot.flows.cards import CardTemplate, check_card
from voicebot.flows.field_reader import FieldReader
from voicebot.flows.matter import MAX_DETAILS, TAKEN
from voicebot.flows.queue_model import WaitingOffer, WhileWaiting
from voicebot.flows.references import Branch, Case, LanguageName, Reference, Route
from voicebot.flows.template import Template
from voicebot.flows.vocabulary import CARD_KEYS, WAITING_OFFER_KEYS, WHILE_WAITING_KEYS
from voicebot.types import Json, Language


def route(reader: FieldReader, node: Node) -> Route:
    if not isinstance(node, Map):
        return Route({}, atoms.step(node))
    steps = step_map(reader, node)
    otherwise = steps.pop("else", None)
    return Route(steps, otherwise)


def branch(reader: FieldReader, node: Node) -> Branch:
    if not isinstance(node, Sequence):
        raise node.place.error(
            f"a branch is a list, not {node.kind}", "Begin each case with '- if:'."
        )
    arms: list[Case] = []
    otherwise: Reference | None = None
    for item in node:
        arm = atoms.mapping(item)
        if otherwise is not None:
            raise item.place.error("nothing may follow 'else'", "Move 'else' to the end.")
        if "else" in arm.entries:
            reader.problems += arm.unknown_keys({"else"}, "key beside 'else':")
            otherwise = atoms.step(arm.entries["else"])
        else:
            arms.append(_case(reader, arm))
    if otherwise is None:
        raise node.place.error(
            "the branch has no 'else'", "Add '- else: STEP' for when no condition holds."
        )
    return Branch(tuple(arms), otherwise)


def cases(reader: FieldReader, node: Node) -> tuple[Case, ...]:
    if not isinstance(node, Sequence):
        raise node.place.error(f"expected a list, not {node.kind}", "Begin with '- if:'.")
    return tuple(_case(reader, atoms.mapping(item)) for item in node)


def _case(reader: FieldReader, arm: Map) -> Case:
    reader.problems += arm.unknown_keys({"if", "next", "else"}, "key in a case:")
    for key in ("if", "next"):
        if key not in arm.entries:
            raise arm.place.error(
                f"the case has no '{key}'", "Write '- if: CONDITION' and 'next: STEP'."
            )
    return Case(atoms.condition(arm.entries["if"]), atoms.step(arm.entries["next"]))


def step_map(reader: FieldReader, node: Node) -> dict[str, Reference]:
    return reader.each(atoms.mapping(node).entries, atoms.step)


def step_commands(reader: FieldReader, node: Node) -> dict[str, Reference] | bool:
    if isinstance(node, Scalar) and node.value is False:
        return False
    if isinstance(node, Map):
        return step_map(reader, node)
    raise node.place.error(
        f"commands are false or a mapping, not {node.kind}", "Write 'commands: false'."
    )


def values(reader: FieldReader, node: Node) -> dict[str, Template | Json]:
    mapping = atoms.mapping(node)
    for name, place in mapping.key_places.items():
        atoms.check_name(name, place)
    return reader.each(mapping.entries, atoms.value)


def assignments(reader: FieldReader, node: Node) -> dict[str, Template | Json]:
    found = values(reader, node)
    for name, place in atoms.mapping(node).key_places.items():
        atoms.check_not_a_fact(name, place)
    return found


def matter(reader: FieldReader, node: Node) -> dict[str, Template | Json]:
    found = values(reader, node)
    mapping = atoms.mapping(node)
    if "about" not in mapping.entries:
        raise node.place.error("the matter has no 'about'", "Write: matter: {about: return}.")
    for name, place in mapping.key_places.items():
        if name in TAKEN:
            raise place.error(
                f"'{name}' of a matter is set by voicebot: {TAKEN[name]}", "Use another name."
            )
    if len(mapping.entries) > MAX_DETAILS:
        raise node.place.error(
            f"a matter of more than {MAX_DETAILS} values", "Keep what the next contact needs."
        )
    return found


def language_value(reader: FieldReader, node: Node) -> LanguageName | Template:
    value = atoms.value(node)
    if isinstance(value, Template) and not value.is_static:
        return value
    return language_name(reader, node)


def language_name(reader: FieldReader, node: Node) -> LanguageName:
    return LanguageName(Language(atoms.language(node)), node.place)


def language_names(reader: FieldReader, node: Node) -> dict[str, LanguageName]:
    return reader.each(atoms.mapping(node).entries, partial(language_name, reader))


def card(reader: FieldReader, node: Node) -> CardTemplate | None:
    values = reader.read(atoms.mapping(node), CARD_KEYS, "a card", node.place)
    return None if values is None else check_card(CardTemplate(place=node.place, **values))


def labelled(reader: FieldReader, node: Node) -> dict[str, Template]:
    return reader.each(atoms.mapping(node).entries, atoms.prompt)


def while_waiting(reader: FieldReader, node: Node) -> WhileWaiting:
    if not isinstance(node, Map):
        return WhileWaiting(question_fields.prompts(reader, node))
    return WhileWaiting(**reader.read(node, WHILE_WAITING_KEYS, "while_waiting", node.place) or {})


def waiting_offer(reader: FieldReader, node: Node) -> WaitingOffer:
    values = reader.read(atoms.mapping(node), WAITING_OFFER_KEYS, "offer", node.place)
    values = values or {"ask": (), "steps": {}}
    boolean = reader.localised(Reference("builtin:boolean", node.place))
    return WaitingOffer(place=node.place, boolean=boolean, **values)
