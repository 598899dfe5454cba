"""Bodies of requests: read no further than their bound, and checked against a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

_M = TypeVar("_M", bound=BaseModel)


async def read_body(
    request: Request, model: type[_M], largest: int, refused: Callable[[str, str], Exception]
) -> _M:
    """Read at most ``largest`` bytes of JSON. Raises what ``refused`` makes of a code, 'size' or
    'form', and a sentence that says what is wrong and repeats nothing of it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            raise refused("size", f"the body is larger than {largest} bytes")
    try:
        return model.model_validate_json(bytes(body))
    except ValidationError as error:
        raise refused("form", problem_of(error)) from None


def problem_of(error: ValidationError) -> str:
    """Where a body is wrong, and how; without what stands there."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where or 'the body'}: {first['msg']}"
