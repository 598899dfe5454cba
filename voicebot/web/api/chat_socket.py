"""``/api/chat/{conversation}/socket``: a conversation over one WebSocket (RFC 6455).

The page's first message is ``{"type": "hello", "after": cursor}``, with ``"key"`` where it has no
cookie. Then views come as they change (``{"type": "view", ...}``), and the page writes
``{"type": "say", "id", "text", "fact"}``, which is answered with ``{"type": "sent", "id",
"cursor"}`` or ``{"type": "refused", "id", "code", "detail"}``. ``{"type": "leave_line"}`` gives the
place in a queue up, and ``{"type": "typing", "on": true}`` lets an agent see that the caller is
writing; neither is answered, but for a refusal to leave, without an id. Handshakes carry an origin,
which is checked: a page elsewhere would send our cookie along (cross-site WebSocket hijacking).
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any, Final

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from voicebot.errors import StorageError, TextRefused, TextUnavailable
from voicebot.sessions.invitation import ConversationId
from voicebot.web.api.chat import LARGEST_BODY, Entrance, cookie_of, message_of
from voicebot.web.api.chat_models import View, Written
from voicebot.web.bodies import problem_of, read_message
from voicebot.web.origin import own_origin
from voicebot.web.two_ways import two_ways

HELLO_S: Final = 10.0
REFUSED: Final = 4403
TRY_LATER: Final = 1013
NO_MESSAGE: Final = 1003


def chat_socket(entrance: Entrance) -> APIRouter:
    """Serve conversations over WebSockets."""
    router = APIRouter(prefix="/api/chat")

    @router.websocket("/{conversation}/socket")
    async def socket(websocket: WebSocket, conversation: str) -> None:
        await websocket.accept()
        try:
            if not own_origin(websocket.headers, entrance.rules.origins):
                raise TextRefused("origin", "this page may not hold conversations with us")
            await _Page(entrance, websocket, ConversationId(conversation)).serve()
        except WebSocketDisconnect:
            pass
        except TextRefused as error:
            await _close(websocket, REFUSED, error.code)
        except (StorageError, TextUnavailable):
            await _close(websocket, TRY_LATER, "unavailable")
        except (ValueError, TimeoutError):
            await _close(websocket, NO_MESSAGE, "form")

    return router


class _Page:
    """One page's socket."""

    def __init__(
        self, entrance: Entrance, websocket: WebSocket, conversation: ConversationId
    ) -> None:
        self._entrance = entrance
        self._websocket = websocket
        self._conversation = conversation

    async def serve(self) -> None:
        """Until the page goes. Raises what ends it."""
        async with asyncio.timeout(HELLO_S):
            hello = await self._receive()
        kept = self._websocket.cookies.get(cookie_of(self._conversation), "")
        await self._entrance.desk.check(self._conversation, str(hello.get("key") or kept))
        after = hello.get("after", 0)
        if hello.get("type") != "hello" or not isinstance(after, int):
            raise ValueError("a page begins with hello")
        await two_ways(self._show(after), self._hear())

    async def _show(self, after: int) -> None:
        async for view in self._entrance.desk.follow(self._conversation, after):
            await self._send({"type": "view", **View.of(view).model_dump()})
        await _close(self._websocket, TRY_LATER, "unavailable")

    async def _hear(self) -> None:
        while True:
            message = await self._receive()
            match message.pop("type", None):
                case "say":
                    await self._take(message)
                case "leave_line":
                    await self._leave_line()
                case "typing":
                    self._types(message.get("on") is True)
                case _:
                    raise ValueError("a page says something")

    def _types(self, on: bool) -> None:
        with suppress(TextRefused):  # so often nobody needs to know
            self._entrance.types(self._conversation, on)

    async def _leave_line(self) -> None:
        try:
            self._entrance.may_write(self._conversation)
            await self._entrance.desk.leave_line(self._conversation)
        except TextRefused as error:
            await self._refuse({}, error.code, error.reason)

    async def _take(self, message: dict[str, Any]) -> None:
        try:
            self._entrance.may_write(self._conversation)
            written = Written.model_validate(message)
            cursor = await self._entrance.desk.say(self._conversation, message_of(written))
        except TextRefused as error:
            await self._refuse(message, error.code, error.reason)
        except ValidationError as error:
            await self._refuse(message, "form", problem_of(error))
        else:
            await self._send({"type": "sent", "id": written.id, "cursor": cursor})

    async def _refuse(self, message: dict[str, Any], code: str, reason: str) -> None:
        id_ = str(message.get("id", ""))[:40]
        await self._send({"type": "refused", "id": id_, "code": code, "detail": reason})

    async def _receive(self) -> dict[str, Any]:
        message = await read_message(self._websocket, LARGEST_BODY)
        if not isinstance(message, dict):
            raise ValueError("a message is an object")  # noqa: TRY004
        return message

    async def _send(self, message: dict[str, Any]) -> None:
        await self._websocket.send_text(json.dumps(message))


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):  # the page was quicker
        await websocket.close(code, reason)
