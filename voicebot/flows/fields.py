"""How the value of each shape of key is read.

What stands alone is read by `flows.atoms`; what is made of several values by `flows.step_fields`,
`flows.question_fields` and `flows.form_fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from voicebot.document import Node
from voicebot.errors import FlowError
from voicebot.flows import atoms, form_fields, question_fields, step_fields
from voicebot.flows.field_reader import FieldReader, ShapeReader
from voicebot.flows.shapes import Shape
from voicebot.types import Language


def field_reader(
    problems: list[FlowError], language: Language, *, translated: bool = False
) -> FieldReader:
    """A reader of one flow file in ``language``, which adds every fault to ``problems``."""
    return FieldReader(problems, language, _READERS, translated=translated)


def _plain(read: Callable[[Node], Any]) -> ShapeReader:
    return lambda _, node: read(node)


_READERS: Mapping[Shape, ShapeReader] = {
    Shape.TEXT: _plain(atoms.text),
    Shape.PROMPT: _plain(atoms.prompt),
    Shape.PROMPTS: question_fields.prompts,
    Shape.NAME: _plain(atoms.variable),
    Shape.STEP: _plain(atoms.step),
    Shape.REFERENCE: _plain(atoms.reference),
    Shape.REFERENCES: question_fields.references,
    Shape.GRAMMARS: question_fields.grammars,
    Shape.INTENTS: question_fields.intents,
    Shape.LIST: _plain(atoms.items),
    Shape.FIELD: _plain(atoms.field),
    Shape.FIELDS: question_fields.field_names,
    Shape.ROUTE: step_fields.route,
    Shape.BRANCH: step_fields.branch,
    Shape.KEYS: question_fields.keys,
    Shape.KEY_COMMANDS: question_fields.key_commands,
    Shape.STEP_MAP: step_fields.step_map,
    Shape.STEP_COMMANDS: step_fields.step_commands,
    Shape.VALUES: step_fields.values,
    Shape.MATTER: step_fields.matter,
    Shape.ASSIGNMENTS: step_fields.assignments,
    Shape.CONFIRM: question_fields.confirm,
    Shape.COMMANDS: question_fields.commands,
    Shape.TROUBLE: question_fields.trouble,
    Shape.TRANSFER_MODE: _plain(atoms.transfer_mode),
    Shape.OUTCOME: _plain(atoms.outcome),
    Shape.BOOLEAN: _plain(atoms.boolean),
    Shape.TRUE: _plain(atoms.true),
    Shape.MILLISECONDS: _plain(partial(atoms.whole_number, most=atoms.MAX_MILLISECONDS)),
    Shape.COUNT: _plain(partial(atoms.whole_number, most=atoms.MAX_COUNT)),
    Shape.CONFIDENCE: _plain(atoms.confidence),
    Shape.TERMCHAR: _plain(atoms.termchar),
    Shape.LANGUAGE: _plain(atoms.language),
    Shape.LANGUAGE_VALUE: step_fields.language_value,
    Shape.LANGUAGE_MAP: step_fields.language_names,
    Shape.GRAMMAR: question_fields.named_grammar,
    Shape.STEPS: _plain(atoms.mapping),
    Shape.SLOTS: form_fields.slots,
    Shape.SLOT_CONFIRM: form_fields.slot_confirm,
    Shape.REVIEW: form_fields.review,
    Shape.ASIDE: form_fields.aside,
    Shape.CASES: step_fields.cases,
    Shape.CONDITION: _plain(atoms.condition),
    Shape.VALUE: _plain(atoms.value),
    Shape.TEXTS: question_fields.texts,
    Shape.OFFER_NUMBER: question_fields.offer_number,
    Shape.OFFERS: question_fields.offers,
    Shape.WHILE_WAITING: step_fields.while_waiting,
    Shape.WAITING_OFFER: step_fields.waiting_offer,
    Shape.CARD: step_fields.card,
    Shape.LABELLED: step_fields.labelled,
}
