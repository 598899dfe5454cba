"""What ``/openapi.json`` tells of answers that no route names, because they come from around it.

Every path can be asked too often (429), with too large a body (413) or while the database is away
(503). Whoever has no right to it is told so (401, 403), where `web.access` asks for one. A body
that is no text is 400; what is wrong with a value is 422, as a sentence or as a list by places.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from voicebot.web.access import AccessRules, Door

_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})
_ALWAYS: Final = {
    "413": "The body is too large.",
    "429": "Too many requests; try again later.",
    "503": "The database is away; try again later.",
}
_WITH_RIGHTS: Final = {
    "401": "Nobody is signed in, or the token opens nothing.",
    "403": "This asks for a right that you do not have.",
}
_WITH_BODY: Final = {"400": "The body cannot be read."}
_SENTENCE: Final = {"type": "string", "examples": ["no call has this id"]}
_PROBLEM: Final = "Problem"
_INVALID: Final = "HTTPValidationError"


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of ``app``, with the answers that surround its routes."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
            license_info=app.license_info,
        )
        _complete(document, AccessRules())
        app.openapi_schema = document
    return app.openapi_schema


def _complete(document: dict[str, Any], rules: AccessRules) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    if _INVALID in schemas:
        detail = schemas[_INVALID]["properties"]["detail"]
        schemas[_INVALID]["properties"]["detail"] = {"anyOf": [_SENTENCE, detail]}
    schemas.setdefault(
        _PROBLEM, {"type": "object", "properties": {"detail": _SENTENCE}, "required": ["detail"]}
    )
    for path, operation in _operations(document):
        answers = operation.setdefault("responses", {})
        told = dict(_ALWAYS)
        if rules.access(path) is not Door.OPEN:
            told |= _WITH_RIGHTS
        if "requestBody" in operation:
            told |= _WITH_BODY
        for status, why in told.items():
            answers.setdefault(status, {"description": why, "content": _json(_PROBLEM)})
        for status, answer in answers.items():
            if status >= "400":
                _say_json(answer)
        if "422" in answers and _INVALID in schemas:
            _allow_places(answers["422"])


def _allow_places(answer: dict[str, Any]) -> None:
    """Values are checked before a route sees them: its own 422 is not the only one."""
    own = answer.get("content", {}).get("application/json", {}).get("schema", {})
    invalid = _reference(_INVALID)
    known = own in ({}, invalid, _reference(_PROBLEM))
    schema = invalid if known else {"anyOf": [own, invalid]}
    answer["content"] = {"application/json": {"schema": schema}}


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, operation


def _say_json(answer: dict[str, Any]) -> None:
    """A refusal is JSON, whatever the route answers with otherwise."""
    content = answer.get("content", {})
    for kind in [kind for kind in content if kind != "application/json"]:
        content["application/json"] = content.pop(kind)


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": _reference(schema)}}


def _reference(schema: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{schema}"}
