"""Reads the keys of an HTTP action."""

from __future__ import annotations

import re
from typing import get_args

from voicebot.actions.definition import HttpMethod, HttpWork
from voicebot.actions.fields import Fields
from voicebot.actions.template import (
    FromEnvironment,
    Placeholder,
    Template,
    TemplateProblem,
    parse_template,
    templates_in,
)
from voicebot.actions.written_secrets import REMEDY, secret_query, secret_text, secret_value
from voicebot.document import Map, Node, Place, Scalar, Sequence, suggest

_METHODS: tuple[HttpMethod, ...] = get_args(HttpMethod)
_BASE = re.compile(r"https?://[^/?#\0]+(?:[/?#]|$)", re.IGNORECASE)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def read_http(fields: Fields, arguments: frozenset[str]) -> tuple[HttpWork, frozenset[str]]:
    """Give the work, and the names of the arguments that it uses. Raises FlowError.

    ``arguments`` are those there are; of a request that changes data its key is one.
    """
    place = fields.place_of("http")
    method, url = _read_request(fields.text("http"), place)
    changes = changes_by_default(fields)
    headers = {
        name: _read_header(name, node, fields) for name, node in fields.mapping("headers").items()
    }
    node = fields.map.get("json")
    if node is not None and method in {"GET", "HEAD"}:
        raise node.place.error(f"a {method} carries no body", "Put the values into the URL.")
    try:
        body = node.plain() if node else None
        templates = [url, *headers.values(), *templates_in(body)]
    except TemplateProblem as error:
        raise fields.place_of("json").error(f"'json' holds {error}", _BRACES) from None
    if node is not None:
        _check_body(node)
    used = frozenset[str]().union(*(template.placeholders for template in templates))
    for unknown in sorted(used - arguments):
        remedy = suggest(unknown, arguments) or f"Declare it: 'arguments: {{{unknown}: text}}'."
        raise place.error(f"'{{{unknown}}}' is not among the arguments", remedy)
    work = HttpWork(
        method=method,
        url=url,
        headers=headers,
        json=body,
        result=tuple(part for part in fields.text("result", "").split(".") if part),
        expect=fields.statuses("expect"),
        absent=fields.statuses("absent"),
        changes=changes,
    )
    return work, used


def changes_by_default(fields: Fields) -> bool:
    """Whether the request changes data: what the action says, else what its method means."""
    method = fields.text("http").strip().partition(" ")[0].upper()
    return fields.flag("changes", default=method not in {"GET", "HEAD"})


def variables_of(work: HttpWork) -> frozenset[str]:
    """The environment variables that a run needs."""
    templates = [work.url, *work.headers.values(), *templates_in(work.json)]
    return frozenset[str]().union(*(template.variables for template in templates))


_BRACES = "Write '{{' and '}}' for braces that are no placeholder."


def _read_request(text: str, place: Place) -> tuple[HttpMethod, Template]:
    method, _, url = text.strip().partition(" ")
    known = next((known for known in _METHODS if known == method.upper()), None)
    if known is None or not url.strip():
        remedy = "Write it like 'GET https://shop.example/orders/{number}'."
        raise place.error(f"no method and URL; methods are {', '.join(_METHODS)}", remedy)
    try:
        template = parse_template(url.strip())
    except TemplateProblem as error:
        raise place.error(f"the URL holds {error}", _BRACES) from None
    if not _BASE.match(_outline(template)):
        raise place.error(
            "the URL must begin with http:// or https:// and a host without arguments",
            "A caller must not choose the host; '${env:NAME}' may hold it.",
        )
    if secret_text(text) or secret_query(text):
        raise place.error("the URL holds what looks like a secret", REMEDY)
    return known, template


def _outline(template: Template) -> str:
    """The URL with a stand-in for each part that is not literal."""
    pieces = []
    for index, part in enumerate(template.parts):
        if isinstance(part, FromEnvironment):
            pieces.append("https://base" if index == 0 else "base")
        else:
            pieces.append("\0" if isinstance(part, Placeholder) else part)
    return "".join(pieces)


def _read_header(name: str, node: Node, fields: Fields) -> Template:
    if not _HEADER.fullmatch(name):
        raise fields.place_in("headers", name).error(f"'{name}' is no name of a header")
    if not isinstance(node, Scalar) or node.value is None:
        raise node.place.error(f"header '{name}' must be text, not {node.kind}")
    try:
        template = parse_template(node.raw)
    except TemplateProblem as error:
        raise node.place.error(f"header '{name}' holds {error}", _BRACES) from None
    if secret_value(name, template.literal):
        raise node.place.error(f"header '{name}' holds what looks like a secret", REMEDY)
    return template


def _check_body(node: Node, name: str = "") -> None:
    """Refuse secrets, at their places; the templates in it can be read."""
    if isinstance(node, Map):
        for key, value in node.entries.items():
            _check_body(value, key)
    elif isinstance(node, Sequence):
        for item in node:
            _check_body(item, name)
    elif isinstance(node.value, str) and secret_value(name, parse_template(node.value).literal):
        raise node.place.error("this looks like a secret", REMEDY)
