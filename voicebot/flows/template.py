"""Text with values filled in: ``Order {order.number|digits} arrives on {order.eta|date}.``

A placeholder holds an expression (see `flows.conditions`) and, after a bar, how it is read out
(`voicebot.types.SayAs`). ``{{`` and ``}}`` stand for braces. In `set`, `arguments` and `context` a
text that is one placeholder alone keeps the value's type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from voicebot.document import Place, suggest
from voicebot.errors import FlowError
from voicebot.flows.conditions import parse_condition
from voicebot.flows.expression import Expression, evaluate, names
from voicebot.types import Json, Prompt, SayAs, Value

_SPACE = re.compile(r"\s+")
_PIECE = re.compile(r"""\{\{|\}\}|\{(?P<inside>(?:[^{}'"]|'[^']*'|"[^"]*")*)\}|[{}]""")
_KIND = re.compile(r"""(?:[^|'"]|'[^']*'|"[^"]*")*""")


@dataclass(frozen=True, slots=True)
class Slot:
    """A placeholder."""

    expression: Expression
    say_as: SayAs
    place: Place


@dataclass(frozen=True, slots=True)
class Template:
    """Literal text and placeholders, in order; ``place`` is where the text begins."""

    parts: tuple[str | Slot, ...]
    place: Place

    @property
    def slots(self) -> Iterator[Slot]:
        return (part for part in self.parts if isinstance(part, Slot))

    @property
    def is_static(self) -> bool:
        return not any(True for _ in self.slots)

    def prompt(
        self,
        variables: Mapping[str, Json],
        is_secret: Callable[[tuple[str, ...]], bool] = lambda path: False,
    ) -> Prompt:
        """The prompt with its values filled in; what is null is left out. ``is_secret`` says which
        variables are only for the caller."""
        parts: list[str | Value] = []
        for part in self.parts:
            if isinstance(part, str):
                parts.append(part)
                continue
            value = _sayable(evaluate(part.expression, variables))
            if value != "":
                secret = any(is_secret(name.path) for name in names(part.expression))
                parts.append(Value(value, part.say_as, secret))
        return Prompt(tuple(parts))

    def value(self, variables: Mapping[str, Json]) -> Json:
        """What `set` or an argument gets: the typed value of a lone placeholder, else text."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Slot):
            return evaluate(self.parts[0].expression, variables)
        return self.text(variables)

    def text(self, variables: Mapping[str, Json]) -> str:
        """The text with values written plainly, for arguments and the context of a transfer."""
        return "".join(
            part if isinstance(part, str) else str(_sayable(evaluate(part.expression, variables)))
            for part in self.parts
        )


def parse_template(text: str, place_at: Callable[[int], Place]) -> Template:
    """Read a text with placeholders. Raises FlowError that points at the fault.

    White space is folded: a text may run over several lines of the file.
    """
    parts: list[str | Slot] = []
    literal = ""
    end = 0
    for match in _PIECE.finditer(text):
        literal += text[end : match.start()]
        end = match.end()
        if match["inside"] is not None:
            parts += [_SPACE.sub(" ", literal)] if literal else []
            parts.append(_slot(match["inside"], match.start("inside"), place_at))
            literal = ""
        elif match[0] in {"{{", "}}"}:
            literal += match[0][0]
        else:
            raise _lone_brace(match[0], place_at(match.start()))
    literal += text[end:]
    parts += [_SPACE.sub(" ", literal)] if literal else []
    return Template(_trimmed(parts), place_at(0))


def _slot(inside: str, offset: int, place_at: Callable[[int], Place]) -> Slot:
    bar = _KIND.match(inside)
    expression_text = bar[0] if bar else inside
    kind_text = inside[len(expression_text) + 1 :].strip()
    say_as = SayAs.TEXT
    if len(expression_text) < len(inside):
        kinds = [kind.value for kind in SayAs]
        if kind_text not in kinds:
            where = place_at(offset + len(expression_text) + 1)
            raise where.error(
                f"'{kind_text}' is no way to read a value out", suggest(kind_text, kinds)
            )
        say_as = SayAs(kind_text)
    lead = len(expression_text) - len(expression_text.lstrip())
    if not expression_text.strip():
        raise place_at(offset).error("an empty placeholder", "Name a variable: {order.number}.")
    expression = parse_condition(
        expression_text.strip(), lambda position: place_at(offset + lead + position)
    )
    return Slot(expression, say_as, place_at(offset))


def _lone_brace(brace: str, place: Place) -> FlowError:
    other = {"{": "it is never closed", "}": "it was never opened"}[brace]
    return place.error(f"'{brace}' stands alone: {other}", f"Write '{brace * 2}' for a brace.")


def _trimmed(parts: list[str | Slot]) -> tuple[str | Slot, ...]:
    if parts and isinstance(parts[0], str):
        parts[0] = parts[0].lstrip()
    if parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip()
    return tuple(part for part in parts if part != "")


def evaluated(value: Template | Json, variables: Mapping[str, Json]) -> Json:
    """A value as it was written, with the variables filled in where it is a template."""
    return value.value(variables) if isinstance(value, Template) else value


def _sayable(value: Json) -> str | int | float:
    """A value as a prompt can hold it: lists joined by commas, null as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(_sayable(item)) for item in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
