"""Reads the value of a key by its shape; what is wrong is collected, not raised.

A key whose value is wrong is left out, so that one check of a file shows all its problems.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from voicebot.document import Map, Node, Place, Scalar, Sequence
from voicebot.errors import FlowError
from voicebot.flows import atoms
from voicebot.flows.cards import CardTemplate, check_card
from voicebot.flows.form_model import Aside, FormSlot, Review, SlotConfirm
from voicebot.flows.localisation import grammar_name
from voicebot.flows.matter import MAX_DETAILS, TAKEN
from voicebot.flows.model import (
    Branch,
    Case,
    Commands,
    Confirm,
    Intents,
    LanguageName,
    ListSource,
    OfferNumber,
    OfferPolicy,
    Reference,
    Route,
    Trouble,
)
from voicebot.flows.queue_model import WaitingOffer, WhileWaiting
from voicebot.flows.template import Template
from voicebot.flows.vocabulary import (
    ASIDE_KEYS,
    CARD_KEYS,
    COMMANDS_KEYS,
    CONFIRM_KEYS,
    INTENTS_KEYS,
    LIST_KEYS,
    OFFER_NUMBER_KEYS,
    OFFERS_KEYS,
    REVIEW_KEYS,
    SLOT_CONFIRM_KEYS,
    SLOT_KEYS,
    TROUBLE_KEYS,
    WAITING_OFFER_KEYS,
    WHILE_WAITING_KEYS,
    Key,
    Shape,
)
from voicebot.types import Json, Language

_T = TypeVar("_T")


class FieldReader:
    """Reads mappings by a table of keys, and adds every fault to ``problems``.

    ``language`` is that of the flow; ``translated`` says that the flow is another's translation.
    """

    def __init__(
        self, problems: list[FlowError], language: Language, *, translated: bool = False
    ) -> None:
        self.problems = problems
        self._language = language
        self._translated = translated
        self._readers: Mapping[Shape, Callable[[Node], Any]] = {
            Shape.TEXT: atoms.text,
            Shape.PROMPT: atoms.prompt,
            Shape.PROMPTS: self._prompts,
            Shape.NAME: atoms.variable,
            Shape.STEP: atoms.step,
            Shape.REFERENCE: atoms.reference,
            Shape.REFERENCES: self._references,
            Shape.GRAMMARS: self._grammars,
            Shape.INTENTS: self._intents,
            Shape.LIST: atoms.items,
            Shape.FIELD: atoms.field,
            Shape.FIELDS: self._field_names,
            Shape.ROUTE: self._route,
            Shape.BRANCH: self._branch,
            Shape.KEYS: self._keys,
            Shape.KEY_COMMANDS: self._key_commands,
            Shape.STEP_MAP: self._step_map,
            Shape.STEP_COMMANDS: self._step_commands,
            Shape.VALUES: self._values,
            Shape.MATTER: self._matter,
            Shape.ASSIGNMENTS: self._assignments,
            Shape.CONFIRM: self._confirm,
            Shape.COMMANDS: self._commands,
            Shape.TROUBLE: self._trouble,
            Shape.TRANSFER_MODE: atoms.transfer_mode,
            Shape.OUTCOME: atoms.outcome,
            Shape.BOOLEAN: atoms.boolean,
            Shape.TRUE: atoms.true,
            Shape.MILLISECONDS: lambda node: atoms.whole_number(node, atoms.MAX_MILLISECONDS),
            Shape.COUNT: lambda node: atoms.whole_number(node, atoms.MAX_COUNT),
            Shape.CONFIDENCE: atoms.confidence,
            Shape.TERMCHAR: atoms.termchar,
            Shape.LANGUAGE: atoms.language,
            Shape.LANGUAGE_VALUE: self._language_value,
            Shape.LANGUAGE_MAP: lambda node: self._each(
                atoms.mapping(node).entries, self._language_name
            ),
            Shape.GRAMMAR: self._named_grammar,
            Shape.STEPS: atoms.mapping,
            Shape.SLOTS: self._slots,
            Shape.SLOT_CONFIRM: self._slot_confirm,
            Shape.REVIEW: self._review,
            Shape.ASIDE: self._aside,
            Shape.CASES: self._cases,
            Shape.CONDITION: atoms.condition,
            Shape.VALUE: atoms.value,
            Shape.TEXTS: self._texts,
            Shape.OFFER_NUMBER: self._offer_number,
            Shape.OFFERS: self._offers,
            Shape.WHILE_WAITING: self._while_waiting,
            Shape.WAITING_OFFER: self._waiting_offer,
            Shape.CARD: self._card,
            Shape.LABELLED: self._labelled,
        }

    def read(
        self, mapping: Map, keys: tuple[Key, ...], what: str, place: Place
    ) -> dict[str, Any] | None:
        """The values by key, or None where one that must be there is missing or wrong.

        ``what`` names the mapping in messages, ``place`` is where a missing key is reported.
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
            value = self._try(self._readers[key.shape], node)
            if value is None:
                complete = complete and not key.required
            else:
                values[key.name] = value[0]
        return values if complete else None

    def _try(self, read: Callable[[Node], _T], node: Node) -> tuple[_T] | None:
        """The value in a tuple (it may itself be None), or None where it is wrong."""
        count = len(self.problems)
        try:
            value = read(node)
        except FlowError as problem:
            self.problems.append(problem)
            return None
        return (value,) if len(self.problems) == count else None

    def _each(self, nodes: Mapping[str, Node], read: Callable[[Node], _T]) -> dict[str, _T]:
        tried = {key: self._try(read, node) for key, node in nodes.items()}
        return {key: value[0] for key, value in tried.items() if value is not None}

    def _prompts(self, node: Node) -> tuple[Template, ...]:
        if not isinstance(node, Sequence):
            return (atoms.prompt(node),)
        if not node.items:
            raise node.place.error("an empty list of prompts", "Write a text.")
        tried = [self._try(atoms.prompt, item) for item in node]
        return tuple(value[0] for value in tried if value is not None)

    def _grammars(self, node: Node) -> tuple[Reference | ListSource, ...]:
        if not isinstance(node, Sequence):
            return (self._grammar(node),)
        tried = [self._try(self._grammar, item) for item in node]
        return tuple(value[0] for value in tried if value is not None)

    def _grammar(self, node: Node) -> Reference | ListSource:
        if not isinstance(node, Map):
            return self._named_grammar(node)
        values = self.read(node, LIST_KEYS, "a grammar's list", node.place) or {"list": []}
        return ListSource(place=node.place, **values)

    def _references(self, node: Node) -> tuple[Reference, ...]:
        if not isinstance(node, Sequence):
            return (atoms.reference(node),)
        tried = [self._try(atoms.reference, item) for item in node]
        return tuple(value[0] for value in tried if value is not None)

    def _intents(self, node: Node) -> Intents:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            if not node.value:
                raise node.place.error("intents are true or names, not false", "Leave it out.")
            return Intents(node.place)
        if not isinstance(node, Map):
            return Intents(node.place, self._references(node))
        values = self.read(node, INTENTS_KEYS, "intents", node.place) or {}
        return Intents(node.place, **values)

    def _named_grammar(self, node: Node) -> Reference:
        return self._localised(atoms.reference(node))

    def _localised(self, reference: Reference) -> Reference:
        name = grammar_name(reference.name, self._language, translated=self._translated)
        return Reference(name, reference.place)

    def _language_value(self, node: Node) -> LanguageName | Template:
        value = atoms.value(node)
        if isinstance(value, Template) and not value.is_static:
            return value
        return self._language_name(node)

    def _language_name(self, node: Node) -> LanguageName:
        return LanguageName(Language(atoms.language(node)), node.place)

    def _field_names(self, node: Node) -> tuple[str, ...]:
        if not isinstance(node, Sequence):
            return (atoms.field(node),)
        tried = [self._try(atoms.field, item) for item in node]
        return tuple(value[0] for value in tried if value is not None)

    def _route(self, node: Node) -> Route:
        if not isinstance(node, Map):
            return Route({}, atoms.step(node))
        steps = self._step_map(node)
        otherwise = steps.pop("else", None)
        return Route(steps, otherwise)

    def _branch(self, node: Node) -> Branch:
        if not isinstance(node, Sequence):
            raise node.place.error(
                f"a branch is a list, not {node.kind}", "Begin each case with '- if:'."
            )
        cases: list[Case] = []
        otherwise: Reference | None = None
        for item in node:
            arm = atoms.mapping(item)
            if otherwise is not None:
                raise item.place.error("nothing may follow 'else'", "Move 'else' to the end.")
            if "else" in arm.entries:
                self.problems += arm.unknown_keys({"else"}, "key beside 'else':")
                otherwise = atoms.step(arm.entries["else"])
            else:
                cases.append(self._case(arm))
        if otherwise is None:
            raise node.place.error(
                "the branch has no 'else'", "Add '- else: STEP' for when no condition holds."
            )
        return Branch(tuple(cases), otherwise)

    def _cases(self, node: Node) -> tuple[Case, ...]:
        if not isinstance(node, Sequence):
            raise node.place.error(f"expected a list, not {node.kind}", "Begin with '- if:'.")
        return tuple(self._case(atoms.mapping(item)) for item in node)

    def _case(self, arm: Map) -> Case:
        self.problems += arm.unknown_keys({"if", "next", "else"}, "key in a case:")
        for key in ("if", "next"):
            if key not in arm.entries:
                raise arm.place.error(
                    f"the case has no '{key}'", "Write '- if: CONDITION' and 'next: STEP'."
                )
        return Case(atoms.condition(arm.entries["if"]), atoms.step(arm.entries["next"]))

    def _keys(self, node: Node) -> dict[str, Json]:
        mapping = atoms.mapping(node)
        atoms.check_keys(mapping)
        return {key: value.plain() for key, value in mapping.entries.items()}

    def _key_commands(self, node: Node) -> dict[str, str]:
        mapping = atoms.mapping(node)
        atoms.check_keys(mapping)
        return self._each(mapping.entries, lambda value: atoms.reference(value).name)

    def _step_map(self, node: Node) -> dict[str, Reference]:
        return self._each(atoms.mapping(node).entries, atoms.step)

    def _step_commands(self, node: Node) -> dict[str, Reference] | bool:
        if isinstance(node, Scalar) and node.value is False:
            return False
        if isinstance(node, Map):
            return self._step_map(node)
        raise node.place.error(
            f"commands are false or a mapping, not {node.kind}", "Write 'commands: false'."
        )

    def _values(self, node: Node) -> dict[str, Template | Json]:
        mapping = atoms.mapping(node)
        for name, place in mapping.key_places.items():
            atoms.check_name(name, place)
        return self._each(mapping.entries, atoms.value)

    def _assignments(self, node: Node) -> dict[str, Template | Json]:
        values = self._values(node)
        for name, place in atoms.mapping(node).key_places.items():
            atoms.check_not_a_fact(name, place)
        return values

    def _matter(self, node: Node) -> dict[str, Template | Json]:
        values = self._values(node)
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
        return values

    def _confirm(self, node: Node) -> Confirm:
        mapping = atoms.mapping(node)
        values = self.read(mapping, CONFIRM_KEYS, "confirm", node.place) or {}
        return Confirm(
            ask=values.get("ask", ()),
            below=values.get("below"),
            **self.yes_and_no(values, node.place),
        )

    def _texts(self, node: Node) -> tuple[str, ...]:
        if not isinstance(node, Sequence):
            return (atoms.text(node),)
        tried = [self._try(atoms.text, item) for item in node]
        return tuple(value[0] for value in tried if value is not None)

    def _labelled(self, node: Node) -> dict[str, Template]:
        return self._each(atoms.mapping(node).entries, atoms.prompt)

    def _card(self, node: Node) -> CardTemplate | None:
        values = self.read(atoms.mapping(node), CARD_KEYS, "a card", node.place)
        return None if values is None else check_card(CardTemplate(place=node.place, **values))

    def _slots(self, node: Node) -> dict[str, FormSlot]:
        mapping = atoms.mapping(node)
        if not mapping.entries:
            raise node.place.error("a form without slots", "Name what it asks for.")
        for name, place in mapping.key_places.items():
            atoms.check_name(name, place)
            atoms.check_not_a_fact(name, place)
        slots: dict[str, FormSlot] = {}
        for name, body in mapping.entries.items():
            tried = self._try(partial(self._slot, name), body)
            if tried is not None:
                slots[name] = tried[0]
        return slots

    def _slot(self, name: str, node: Node) -> FormSlot:
        values = self.read(atoms.mapping(node), SLOT_KEYS, f"slot '{name}'", node.place) or {
            "ask": ()
        }
        if "if" in values:
            values["if_"] = values.pop("if")
        return FormSlot(name=name, place=node.place, **values)

    def _slot_confirm(self, node: Node) -> SlotConfirm:
        mapping = atoms.mapping(node)
        values = self.read(mapping, SLOT_CONFIRM_KEYS, "confirm", node.place) or {}
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
            **self.yes_and_no(values, node.place),
        )

    def _review(self, node: Node) -> Review:
        values = self.read(atoms.mapping(node), REVIEW_KEYS, "review", node.place) or {}
        return Review(
            values.get("ask", ()), values.get("change", ()), **self.yes_and_no(values, node.place)
        )

    def _aside(self, node: Node) -> Aside:
        values = self.read(atoms.mapping(node), ASIDE_KEYS, "aside", node.place) or {}
        return Aside(
            values.get("grammar", ()), values.get("steps", {}), values.get("intents", False)
        )

    def _commands(self, node: Node) -> Commands:
        values = self.read(atoms.mapping(node), COMMANDS_KEYS, "commands", node.place) or {}
        return Commands(
            values.get("grammar"),
            values.get("keys", {}),
            values.get("steps", {}),
            values.get("languages", {}),
        )

    def _trouble(self, node: Node) -> Trouble:
        values = self.read(atoms.mapping(node), TROUBLE_KEYS, "trouble", node.place)
        values = values or {"next": Reference("", node.place)}
        if "if" in values:
            values["if_"] = values.pop("if")
        return Trouble(**values)

    def yes_and_no(self, values: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """The grammar and keys of a question to be answered by yes or no."""
        default = self._localised(Reference("builtin:boolean", place))
        return {
            "grammar": values.get("grammar", default),
            "keys": values.get("keys", {"1": True, "2": False}),
        }

    def _offer_number(self, node: Node) -> OfferNumber:
        mapping = atoms.mapping(node)
        values = self.read(mapping, OFFER_NUMBER_KEYS, "number", node.place) or {}
        if "confirm" in mapping.entries and "other" not in mapping.entries:
            raise mapping.key_places["confirm"].error(
                "'confirm' without 'other'", "Add 'other': it asks for another number."
            )
        default = self._localised(Reference("builtin:phone", node.place))
        return OfferNumber(**{"grammar": default, **values})

    def _while_waiting(self, node: Node) -> WhileWaiting:
        if not isinstance(node, Map):
            return WhileWaiting(self._prompts(node))
        return WhileWaiting(
            **self.read(node, WHILE_WAITING_KEYS, "while_waiting", node.place) or {}
        )

    def _waiting_offer(self, node: Node) -> WaitingOffer:
        values = self.read(atoms.mapping(node), WAITING_OFFER_KEYS, "offer", node.place)
        values = values or {"ask": (), "steps": {}}
        boolean = self._localised(Reference("builtin:boolean", node.place))
        return WaitingOffer(place=node.place, boolean=boolean, **values)

    def _offers(self, node: Node) -> OfferPolicy:
        values = self.read(atoms.mapping(node), OFFERS_KEYS, "offers", node.place)
        values = values or {"struggling": Reference("", node.place)}
        if "if" in values:
            values["if_"] = values.pop("if")
        return OfferPolicy(**values)
