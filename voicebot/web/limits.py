"""What one address may ask over HTTP (RFC 6585 for 429), as ASGI around the application.

Behind a proxy on this machine the address is the one that the proxy tells (X-Forwarded-For). What
was asked in vain, unknown paths and wrong credentials, counts against the address.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voicebot.types import Failure, Verdict

MAX_BODY: Final = 1024 * 1024
"""Bytes of the largest request."""

_FAILURES: Final = {
    401: Failure.CREDENTIALS,
    403: Failure.CREDENTIALS,
    404: Failure.UNKNOWN,
    405: Failure.UNKNOWN,
}


class Gate(Protocol):
    """The limits for addresses; `voicebot.telephony.guard.DoorGuard` is one."""

    def request(self, address: str, now: float) -> Verdict: ...

    def failed(self, address: str, now: float, failure: Failure) -> None: ...


class Open:
    """No limits."""

    def request(self, address: str, now: float) -> Verdict:
        return Verdict.ALLOW

    def failed(self, address: str, now: float, failure: Failure) -> None: ...


class Limits:
    """Passes on what ``gate`` allows; answers the rest with 429, too large a body with 413, and an
    address with a NUL, which PostgreSQL cannot look for, with 400."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or not scope.get("client"):
            await self._app(scope, receive, send)
            return
        address = scope["client"][0]
        if self._gate.request(address, _now()) is not Verdict.ALLOW:
            await _refuse(429, "too many requests", scope, receive, send)
            return
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            await _refuse(400, "no address holds a NUL", scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            await _refuse(413, "too large a request", scope, receive, send)
            return

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(address, scope, message["status"])
            await send(message)

        await self._app(scope, receive, noting)

    def _note(self, address: str, scope: Scope, status: int) -> None:
        failure = _FAILURES.get(status)
        if failure is None or (status == 401 and "authorization" not in Headers(scope=scope)):
            return  # who has shown nothing yet has shown nothing wrong
        self._gate.failed(address, _now(), failure)


async def _refuse(status: int, why: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})
        return
    headers = {"Connection": "close", **({"Retry-After": "5"} if status == 429 else {})}
    await JSONResponse({"detail": why}, status, headers)(scope, receive, send)


def _now() -> float:
    return asyncio.get_running_loop().time()
