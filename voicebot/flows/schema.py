"""The JSON Schema of flow files, for completion and hints in editors.

It follows `flows.vocabulary`; what a schema cannot say (that a step exists, that a condition can be
read) is left to ``voicebot check``. Draft 2020-12.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from voicebot.flows.atoms import (
    FIELD_PATH,
    KEY_STRING,
    LANGUAGE_TAG,
    MAX_COUNT,
    MAX_MILLISECONDS,
    OUTCOMES,
    STEP_NAME,
    VARIABLE_NAME,
)
from voicebot.flows.commands import TransferMode
from voicebot.flows.shapes import Key, Shape
from voicebot.flows.vocabulary import (
    ASIDE_KEYS,
    CARD_KEYS,
    COMMANDS_KEYS,
    CONFIRM_KEYS,
    FLOW_KEYS,
    INTENTS_KEYS,
    LIST_KEYS,
    OFFER_NUMBER_KEYS,
    OFFERS_KEYS,
    REVIEW_KEYS,
    SLOT_CONFIRM_KEYS,
    SLOT_KEYS,
    STEP_KINDS,
    TROUBLE_KEYS,
    WAITING_OFFER_KEYS,
    WHILE_WAITING_KEYS,
    step_keys,
)
from voicebot.types import KEYS, Json

SCHEMA_FILE = Path(__file__).with_name("flow.schema.json")
"""Where the schema is published; a test keeps it equal to `flow_schema`."""

_Schema = dict[str, Json]


def flow_schema() -> _Schema:
    """The schema of one flow file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "voicebot flow",
        **_object(FLOW_KEYS),
    }


def flow_schema_text() -> str:
    """The schema as it stands in `SCHEMA_FILE`."""
    return json.dumps(flow_schema(), indent=2, ensure_ascii=False) + "\n"


def _object(keys: Iterable[Key]) -> _Schema:
    table = list(keys)
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key.name for key in table if key.required],
        "properties": {
            key.name: {"description": key.meaning, **_SHAPES[key.shape]} for key in table
        },
    }


def _map_of(value: _Schema, names: str = "") -> _Schema:
    schema: _Schema = {"type": "object", "additionalProperties": value}
    if names:
        schema["propertyNames"] = {"pattern": f"^(?:{names})$"}
    return schema


def _one_or_several(value: _Schema) -> _Schema:
    return {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]}


def _name(pattern: str) -> _Schema:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


_TEXT: _Schema = {"type": "string", "pattern": r"\S"}
_STEP = _name(STEP_NAME)
_CONDITION: _Schema = {
    "description": "a condition: order.status == 'shipped' and not answer",
    "type": ["string", "boolean", "number"],
}
_CASE: _Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["if", "next"],
    "properties": {"if": _CONDITION, "next": _STEP},
}
_ELSE: _Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["else"],
    "properties": {"else": _STEP},
}


def _steps() -> _Schema:
    kinds: list[Json] = [
        {"title": f"{kind} step", **_object(step_keys(kind))} for kind in STEP_KINDS
    ]
    return _map_of({"anyOf": kinds}, STEP_NAME)


_SHAPES: dict[Shape, _Schema] = {
    Shape.TEXT: _TEXT,
    Shape.PROMPT: _TEXT,
    Shape.PROMPTS: _one_or_several(_TEXT),
    Shape.NAME: _name(VARIABLE_NAME),
    Shape.STEP: _STEP,
    Shape.REFERENCE: _TEXT,
    Shape.REFERENCES: _one_or_several(_TEXT),
    Shape.LIST: {"type": ["string", "array"], "pattern": r"^\s*\{.*\}\s*$"},
    Shape.FIELD: _name(FIELD_PATH),
    Shape.FIELDS: _one_or_several(_name(FIELD_PATH)),
    Shape.ROUTE: {"anyOf": [_STEP, _map_of(_STEP)]},
    Shape.BRANCH: {"type": "array", "items": {"anyOf": [_CASE, _ELSE]}},
    Shape.CASES: {"type": "array", "items": _CASE},
    Shape.KEYS: _map_of({}, KEY_STRING),
    Shape.KEY_COMMANDS: _map_of(_TEXT, KEY_STRING),
    Shape.STEP_MAP: _map_of(_STEP),
    Shape.STEP_COMMANDS: {"anyOf": [{"const": False}, _map_of(_STEP)]},
    Shape.CONDITION: {"type": ["string", "boolean", "number"]},
    Shape.VALUE: {},
    Shape.TEXTS: _one_or_several(_TEXT),
    Shape.VALUES: _map_of({}, VARIABLE_NAME),
    Shape.MATTER: {**_map_of({}, VARIABLE_NAME), "required": ["about"]},
    Shape.ASSIGNMENTS: _map_of({}, VARIABLE_NAME),
    Shape.TRANSFER_MODE: {"enum": [mode.value for mode in TransferMode]},
    Shape.OUTCOME: {"enum": list(OUTCOMES)},
    Shape.BOOLEAN: {"type": "boolean"},
    Shape.TRUE: {"const": True},
    Shape.MILLISECONDS: {"type": "integer", "minimum": 1, "maximum": MAX_MILLISECONDS},
    Shape.COUNT: {"type": "integer", "minimum": 1, "maximum": MAX_COUNT},
    Shape.CONFIDENCE: {"type": "number", "minimum": 0, "maximum": 1},
    Shape.TERMCHAR: {"enum": ["", *KEYS]},
    Shape.LANGUAGE: _name(LANGUAGE_TAG),
    Shape.LANGUAGE_VALUE: {"anyOf": [_name(LANGUAGE_TAG), {"type": "string", "pattern": r"^\{"}]},
    Shape.LANGUAGE_MAP: _map_of(_name(LANGUAGE_TAG)),
    Shape.GRAMMAR: _TEXT,
    Shape.LABELLED: _map_of(_TEXT),
}
# These are built of the shapes above.
_SHAPES |= {
    Shape.GRAMMARS: _one_or_several({"anyOf": [_TEXT, _object(LIST_KEYS)]}),
    Shape.CONFIRM: _object(CONFIRM_KEYS),
    Shape.COMMANDS: _object(COMMANDS_KEYS),
    Shape.TROUBLE: _object(TROUBLE_KEYS),
    Shape.OFFER_NUMBER: _object(OFFER_NUMBER_KEYS),
    Shape.OFFERS: _object(OFFERS_KEYS),
    Shape.CARD: _object(CARD_KEYS),
}
_SHAPES |= {Shape.WAITING_OFFER: _object(WAITING_OFFER_KEYS)}
_SHAPES |= {Shape.WHILE_WAITING: {"anyOf": [_one_or_several(_TEXT), _object(WHILE_WAITING_KEYS)]}}
_SHAPES |= {
    Shape.INTENTS: {
        "anyOf": [{"const": True}, _one_or_several(_TEXT), _object(INTENTS_KEYS)],
    },
    Shape.SLOT_CONFIRM: _object(SLOT_CONFIRM_KEYS),
    Shape.REVIEW: _object(REVIEW_KEYS),
    Shape.ASIDE: _object(ASIDE_KEYS),
}
_SHAPES |= {Shape.SLOTS: {**_map_of(_object(SLOT_KEYS), VARIABLE_NAME), "minProperties": 1}}
_SHAPES |= {Shape.STEPS: _steps()}
