"""Texts with ``{argument}`` and ``${env:NAME}`` in them: URLs, headers, values of a JSON body.

``{{`` and ``}}`` stand for the braces themselves. Arguments come from callers, so a URL
percent-encodes each (RFC 3986) and a header refuses control characters; what comes from the
environment is the operator's and goes in as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from voicebot.types import Json

_TOKEN = re.compile(
    r"\{\{|\}\}|\$\{env:(?P<env>[A-Za-z_][A-Za-z0-9_]*)\}|\{(?P<name>[A-Za-z_]\w*)\}|(?P<stray>[{}])"
)


class TemplateProblem(ValueError):
    """A template that cannot be read, or a value that cannot be filled in; the text says which."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    name: str


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    variable: str


Part = str | Placeholder | FromEnvironment


@dataclass(frozen=True, slots=True)
class Template:
    """Literal text, placeholders and environment variables, in order."""

    parts: tuple[Part, ...]

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset(part.name for part in self.parts if isinstance(part, Placeholder))

    @property
    def literal(self) -> str:
        """What stands in the file itself, without what is filled in."""
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(part.variable for part in self.parts if isinstance(part, FromEnvironment))

    def render(
        self,
        arguments: Mapping[str, Json],
        environment: Mapping[str, str],
        encode: Callable[[str], str] = str,
    ) -> str:
        """Fill it in, every argument passed through ``encode``.

        Raises TemplateProblem when an environment variable is not set.
        """
        pieces = []
        for part in self.parts:
            if isinstance(part, Placeholder):
                pieces.append(encode(shown(arguments[part.name])))
            elif isinstance(part, FromEnvironment):
                if part.variable not in environment:
                    raise TemplateProblem(f"environment variable {part.variable} is not set")
                pieces.append(environment[part.variable])
            else:
                pieces.append(part)
        return "".join(pieces)


def parse_template(text: str) -> Template:
    """Read a template. Raises TemplateProblem for a brace that begins or ends nothing."""
    parts: list[Part] = []
    literal = ""
    end = 0
    for token in _TOKEN.finditer(text):
        literal += text[end : token.start()]
        end = token.end()
        if token["stray"]:
            raise TemplateProblem(f"a '{token['stray']}' that belongs to no {{argument}}")
        if token["name"] is None and token["env"] is None:
            literal += token[0][0]
            continue
        if literal:
            parts.append(literal)
            literal = ""
        parts.append(Placeholder(token["name"]) if token["name"] else FromEnvironment(token["env"]))
    literal += text[end:]
    if literal:
        parts.append(literal)
    return Template(tuple(parts))


def shown(value: Json) -> str:
    """A value as text: booleans and null as in JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def encode_for_url(text: str) -> str:
    """Percent-encode everything but RFC 3986's unreserved characters.

    A lone ``.`` or ``..`` would still walk to another path, and cannot be encoded away.
    """
    if text in {".", ".."}:
        raise TemplateProblem("an argument is '.' or '..', which would change the URL's path")
    return quote(text, safe="")


def encode_for_header(text: str) -> str:
    """Pass printable ASCII; a line break would begin another header."""
    if not (text.isascii() and text.isprintable()):
        raise TemplateProblem("an argument holds characters that a header cannot carry")
    return text


def fill_json(body: Json, arguments: Mapping[str, Json], environment: Mapping[str, str]) -> Json:
    """Fill in every string of a JSON value.

    A string that is one placeholder alone becomes the argument with its own type.
    """
    if isinstance(body, dict):
        return {key: fill_json(value, arguments, environment) for key, value in body.items()}
    if isinstance(body, list):
        return [fill_json(value, arguments, environment) for value in body]
    if not isinstance(body, str):
        return body
    template = parse_template(body)
    match template.parts:
        case (Placeholder(name),):
            return arguments[name]
        case _:
            return template.render(arguments, environment)


def templates_in(body: Json) -> list[Template]:
    """Every template inside a JSON value."""
    if isinstance(body, dict):
        return [template for value in body.values() for template in templates_in(value)]
    if isinstance(body, list):
        return [template for value in body for template in templates_in(value)]
    return [parse_template(body)] if isinstance(body, str) else []
