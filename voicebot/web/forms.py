"""Reads small bodies of requests: the forms that carriers and dialplans post, or JSON.

Forms are ``application/x-www-form-urlencoded`` (WHATWG URL), which is also what a body without a
type is taken for: Asterisk's CURL() names none when it sends headers of its own.
"""

from __future__ import annotations

import json
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request
from pydantic import BaseModel, ValidationError

from voicebot.types import Json

LARGEST_BODY: Final = 32 * 1024
MOST_FIELDS: Final = 200

_Shape = TypeVar("_Shape", bound=BaseModel)


async def read_form(request: Request) -> list[tuple[str, str]]:
    """The fields in order, empty ones included. Raises HTTPException 413, or 400 for no form."""
    return parse_form(await read_body(request))


async def read_fields(request: Request) -> dict[str, Json]:
    """The fields of a form or the keys of a JSON object; of equal names the last holds.

    Raises HTTPException 413 or 400.
    """
    body = await read_body(request)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return dict(parse_form(body))
    try:
        found: Json = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body is not valid JSON") from None
    if not isinstance(found, dict):
        raise HTTPException(400, "the body should be a JSON object")
    return found


def parse_form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode(),
            keep_blank_values=True,
            max_num_fields=MOST_FIELDS,
            errors="strict",
        )
    except ValueError:
        raise HTTPException(400, "the body is not a form in UTF-8 of a sane length") from None


def parse_json(shape: type[_Shape], body: bytes) -> _Shape:
    """``body`` as ``shape``. Raises HTTPException 422 that names the first field at fault, and
    repeats nothing of it."""
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise HTTPException(422, f"{where}: {first['msg']}") from None


async def read_body(request: Request) -> bytes:
    """The whole body as it was sent. Raises HTTPException 413."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, f"the body is longer than {LARGEST_BODY} octets")
    return body
