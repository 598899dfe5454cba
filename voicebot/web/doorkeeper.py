"""Lets nobody in who may not come in: ASGI around the whole application.

Asks for every request, WebSockets too, what `web.access` says of its path, before anything of it
is read. Proof is a session's cookie or ``Authorization: Bearer`` with a token (RFC 6750). A cookie
comes along by itself, so what it may change has to come from a page of ours (`web.origin`); a token
does not. Who holds a line open (events, a desk) is asked again now and then: a right that ends
closes the line, a database that is away does not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Literal, TypeAlias
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from voicebot.errors import StorageError
from voicebot.staff.desk import StaffDesk
from voicebot.staff.model import Identity
from voicebot.staff.roles import Scope as Right
from voicebot.web.access import BEFORE_CHANGE, Access, AccessRules, Door
from voicebot.web.identity import IN_SCOPE, SessionCookie, address_of
from voicebot.web.origin import own_origin

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY_VIOLATION: Final = 1008
"""RFC 6455, section 7.4.1."""

MetricsAccess: TypeAlias = Literal["open", "loopback", "closed"]


@dataclass(frozen=True, slots=True)
class EntryPolicy:
    """``origins`` are those of pages elsewhere that may act for who is signed in; ``ask_again_s``
    is how often who holds a line open is asked again."""

    cookie: SessionCookie = field(default_factory=SessionCookie)
    origins: Collection[str] = ()
    metrics: MetricsAccess = "loopback"
    ask_again_s: float = 30.0


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    why: str


_UNKNOWN: Final = _Refusal(401, "sign in, or bring a token in the header Authorization")
_WRONG: Final = _Refusal(401, "this session or token opens nothing (any more)")
_NOT_HERE: Final = _Refusal(404, "Not Found")
_STRANGE_PAGE: Final = _Refusal(
    403, "this came from no page of ours (Origin); staff.origins names others"
)
_BROWSER_ONLY: Final = _Refusal(403, "sign in in a browser for this; a token does not do")
_CHANGE_FIRST: Final = _Refusal(403, "choose a password of your own first, at /account")


class Doorkeeper:
    """Passes on what ``desk`` and ``rules`` allow. ``clock`` gives UTC epoch seconds."""

    def __init__(
        self,
        app: ASGIApp,
        desk: StaffDesk,
        policy: EntryPolicy,
        clock: Callable[[], float],
        rules: AccessRules | None = None,
    ) -> None:
        self._app = app
        self._desk = desk
        self._policy = policy
        self._clock = clock
        self._rules = rules or AccessRules()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        access = self._rules.access(scope["path"])
        if access is Door.OPEN or (access is Door.METRICS and self._shows_metrics(connection)):
            await self._app(scope, receive, send)
            return
        if access is Door.CLOSED:
            await _refuse(_NOT_HERE, connection, receive, send)
            return
        asked = Right.METRICS_READ if access is Door.METRICS else access
        identity = await self._who(connection)
        refusal = self._refusal(identity, asked, connection)
        if refusal is not None:
            await _refuse(refusal, connection, receive, send)
            return
        scope[IN_SCOPE] = identity
        await self._pass_on(asked, connection, receive, send)

    def _shows_metrics(self, connection: HTTPConnection) -> bool:
        if self._policy.metrics != "loopback":
            return self._policy.metrics == "open"
        try:
            return ip_address(address_of(connection)).is_loopback
        except ValueError:
            return False

    async def _who(self, connection: HTTPConnection) -> Identity | None:
        """A header wins over a cookie; a wrong one is no reason to look at the other."""
        if "authorization" in connection.headers:
            kind, _, token = connection.headers["authorization"].partition(" ")
            if kind.lower() != "bearer":
                return None
            return await self._desk.token(token.strip(), self._clock())
        return await self._desk.session(self._policy.cookie.read(connection), self._clock())

    def _refusal(
        self, identity: Identity | None, access: Access, connection: HTTPConnection
    ) -> _Refusal | None:
        if identity is None:
            shown = "authorization" in connection.headers or self._policy.cookie.read(connection)
            return _WRONG if shown else _UNKNOWN
        if identity.proof == "session" and not self._from_our_page(connection):
            return _STRANGE_PAGE
        if identity.must_change and connection.scope["path"] not in BEFORE_CHANGE:
            return _CHANGE_FIRST
        if access is Door.BROWSER:
            return None if identity.proof == "session" else _BROWSER_ONLY
        if isinstance(access, Right) and access not in identity.scopes:
            return _Refusal(403, f"this asks for the right {access.value}, which you do not have")
        return None

    def _from_our_page(self, connection: HTTPConnection) -> bool:
        if connection.scope["type"] == "http" and connection.scope["method"] in _SAFE:
            return True
        return bool(own_origin(connection.headers, self._policy.origins))

    async def _pass_on(
        self, asked: Access, connection: HTTPConnection, receive: Receive, send: Send
    ) -> None:
        """Serve until it is done, or until whoever asked may not any more."""
        serving = asyncio.ensure_future(self._app(connection.scope, receive, send))
        try:
            while True:
                done, _ = await asyncio.wait({serving}, timeout=self._policy.ask_again_s)
                if done:
                    await serving
                    return
                if await self._ended(asked, connection):
                    return
        finally:
            if not serving.done():
                serving.cancel()
                await asyncio.wait({serving})

    async def _ended(self, asked: Access, connection: HTTPConnection) -> bool:
        """Whether the right to what is being served is over; with the database away it is not, so
        that an outage takes no agent off the desk in the middle of a call."""
        try:
            return self._refusal(await self._who(connection), asked, connection) is not None
        except StorageError:
            return False


async def _refuse(
    refusal: _Refusal, connection: HTTPConnection, receive: Receive, send: Send
) -> None:
    if connection.scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": refusal.why})
        return
    await _answer(refusal, connection)(connection.scope, receive, send)


def _answer(refusal: _Refusal, connection: HTTPConnection) -> Response:
    page = _is_page(connection.headers) and connection.scope["method"] in {"GET", "HEAD"}
    if page and refusal is _CHANGE_FIRST:
        return RedirectResponse("/account", 303)
    if page and refusal.status == 401:
        asked = connection.scope["path"]
        if connection.url.query:
            asked += f"?{connection.url.query}"
        query = urlencode({"next": asked})
        return RedirectResponse(f"/sign-in?{query}", 303)
    headers = {"WWW-Authenticate": "Bearer"} if refusal.status == 401 else None
    return JSONResponse({"detail": refusal.why}, refusal.status, headers)


def _is_page(headers: Headers) -> bool:
    """Whether a person looks at it: a browser says so when it goes to a page."""
    return headers.get("accept", "").startswith("text/html")
