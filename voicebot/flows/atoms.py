"""Single values of a flow file: text, names, numbers.

Each function reads one value, and raises FlowError that points at it where it is wrong.
"""

from __future__ import annotations

import re

from voicebot.document import Map, Node, Place, Scalar, Sequence, suggest
from voicebot.flows.commands import TransferMode
from voicebot.flows.conditions import parse_condition
from voicebot.flows.expression import Expression
from voicebot.flows.facts import CHANGEABLE_FACTS, FACTS
from voicebot.flows.references import Reference
from voicebot.flows.template import Template, parse_template
from voicebot.types import KEYS, Json, Outcome

STEP_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
VARIABLE_NAME = r"[a-z_][a-z0-9_]*"
LANGUAGE_TAG = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"
FIELD_PATH = r"\w+(\.\w+)*"
KEY_STRING = r"[0-9*#A-D]{1,32}"
MAX_MILLISECONDS = 600_000
MAX_COUNT = 100
OUTCOMES = (
    "auto",
    # A flow that runs has reached somebody.
    *(outcome.value for outcome in Outcome if outcome is not Outcome.NOT_REACHED),
)


def mapping(node: Node) -> Map:
    if not isinstance(node, Map):
        raise node.place.error(f"expected a mapping, not {node.kind}", "Write 'key: value' lines.")
    return node


def scalar_text(node: Node, what: str) -> Scalar:
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value.strip():
        braces = isinstance(node, Map) and node.place
        remedy = "Put text that begins with '{' in quotes." if braces else ""
        raise node.place.error(f"expected {what}, not {node.kind}", remedy)
    return node


def text(node: Node) -> str:
    return scalar_text(node, "text").raw.strip()


def prompt(node: Node) -> Template:
    scalar = scalar_text(node, "the text of a prompt")
    return parse_template(scalar.raw, scalar.place_at)


def value(node: Node) -> Template | Json:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return parse_template(node.raw, node.place_at)
    return node.plain()


def items(node: Node) -> Template | Json:
    """A list: written out, or the placeholder of a variable that holds one."""
    if isinstance(node, Sequence):
        return node.plain()
    if isinstance(node, Scalar) and isinstance(node.value, str):
        template = parse_template(node.raw, node.place_at)
        if len(template.parts) == 1 and not template.is_static:
            return template
    raise node.place.error(
        "expected a list, or one placeholder of a variable that holds one",
        'Write: list: "{products}".',
    )


def field(node: Node) -> str:
    """The dotted path of a field."""
    return matching(node, FIELD_PATH, "the name of a field, such as name or owner.name")


def condition(node: Node) -> Expression:
    if isinstance(node, Scalar) and node.value is not None:
        return parse_condition(node.raw, node.place_at)
    raise node.place.error(f"expected a condition, not {node.kind}", "Write: if: order != null.")


def matching(node: Node, pattern: str, what: str) -> str:
    scalar = scalar_text(node, what)
    if not re.fullmatch(pattern, scalar.raw):
        raise node.place.error(f"'{scalar.raw}' is not {what}")
    return scalar.raw


def language(node: Node) -> str:
    return matching(node, LANGUAGE_TAG, "a language such as en-US")


def step(node: Node) -> Reference:
    return Reference(matching(node, STEP_NAME, "the name of a step"), node.place)


def reference(node: Node) -> Reference:
    return Reference(scalar_text(node, "a name").raw.strip(), node.place)


def variable(node: Node) -> str:
    name = matching(node, VARIABLE_NAME, "the name of a variable (a-z, 0-9, _)")
    check_not_a_fact(name, node.place)
    return name


def check_name(name: str, place: Place) -> None:
    if not re.fullmatch(VARIABLE_NAME, name):
        raise place.error(
            f"'{name}' cannot be a name here", "Use lower-case letters, digits and _."
        )


def check_not_a_fact(name: str, place: Place) -> None:
    if name in FACTS and name not in CHANGEABLE_FACTS:
        raise place.error(f"'{name}' is set by voicebot: {FACTS[name]}", "Use another name.")


def check_keys(mapping: Map) -> None:
    for key, place in mapping.key_places.items():
        if not re.fullmatch(KEY_STRING, key):
            raise place.error(
                f"'{key}' is not on a keypad", f"Keys are {', '.join(KEYS)}, one or several."
            )


def transfer_mode(node: Node) -> TransferMode:
    raw = node.raw if isinstance(node, Scalar) else ""
    modes = [mode.value for mode in TransferMode]
    if raw not in modes:
        raise node.place.error(f"a transfer's mode is {' or '.join(modes)}", suggest(raw, modes))
    return TransferMode(raw)


def outcome(node: Node) -> Outcome | None:
    scalar = scalar_text(node, "an outcome, or auto")
    if scalar.raw not in OUTCOMES:
        raise node.place.error(f"'{scalar.raw}' is no outcome", suggest(scalar.raw, OUTCOMES))
    return None if scalar.raw == "auto" else Outcome(scalar.raw)


def boolean(node: Node) -> bool:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    raise node.place.error(f"expected true or false, not {node.kind}")


def true(node: Node) -> bool:
    if boolean(node):
        return True
    raise node.place.error("only true makes sense here", "Write true, or leave the key out.")


def whole_number(node: Node, most: int) -> int:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
        raise node.place.error(f"expected a whole number from 1 to {most}")
    return value


def confidence(node: Node) -> float:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise node.place.error("expected a confidence from 0 to 1")
    return float(value)


def termchar(node: Node) -> str:
    raw = node.raw if isinstance(node, Scalar) else "?"
    if raw not in {"", *KEYS}:
        raise node.place.error("expected one key, or '' for none", "Write: termchar: '#'.")
    return raw
