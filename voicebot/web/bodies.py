"""Bodies of requests, and messages of WebSockets, as strangers send them.

Bodies are read no further than their bound, and checked against a model.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.websockets import WebSocket, WebSocketDisconnect

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


async def read_message(websocket: WebSocket, longest: int) -> Any:
    """The next message, JSON of at most ``longest`` characters. Raises ValueError for anything
    else, WebSocketDisconnect."""
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005), message.get("reason"))
    text: str | None = message.get("text")
    if text is None or len(text) > longest:
        raise ValueError(f"a message is text of at most {longest} characters")
    try:
        return json.loads(text)
    except RecursionError:  # brackets in brackets
        raise ValueError("a message is no deeper than it needs to be") from None


def problem_of(error: ValidationError) -> str:
    """Where a body is wrong, and how; without what stands there."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where or 'the body'}: {first['msg']}"
