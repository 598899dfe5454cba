"""``/api/chat``: conversations in text, for our own page and for pages that may embed it.

A link is redeemed by POST, never by the GET that a messenger's preview makes. The browser that
opened it holds a key: our own page in a cookie that scripts cannot read and other sites do not
send; an embedding page, where such a cookie would be a third party's, in its own memory, sent as
``Authorization: Bearer``. Changes come by WebSocket, by server-sent events or by asking, whichever
the network lets through: all three give the same views from a cursor on. A message has an id of its
sender's making, so that it may be sent as often as it takes.

What is refused is told as ``{"detail", "code"}``. Answers are never stored on the way.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.routing import APIRoute
from starlette.responses import Response

from voicebot.errors import StorageError, TextRefused, TextUnavailable
from voicebot.sessions.chat_meaning import Message
from voicebot.sessions.chat_opening import Opened
from voicebot.sessions.chat_view import ChatView
from voicebot.sessions.invitation import ConversationId
from voicebot.web.api.chat_models import (
    Begun,
    CallGrant,
    Link,
    Refused,
    Sent,
    Typing,
    View,
    Written,
)
from voicebot.web.api.chat_phone import PhoneCalls, add_phone_routes
from voicebot.web.api.chat_stream import as_events
from voicebot.web.bodies import read_body
from voicebot.web.origin import own_origin
from voicebot.web.rate_limit import RateLimit

log = structlog.get_logger(__name__)

LARGEST_BODY: Final = 16 * 1024
LONGEST_WAIT_S: Final = 25
TYPING_PER_MINUTE: Final = 60
"""How often a conversation may tell that its caller types; our page does every three seconds."""
STATUSES: Final = {
    "calling": 409,
    "elsewhere": 422,
    "empty": 422,
    "fact": 422,
    "form": 422,
    "expired": 410,
    "long": 409,
    "line": 409,
    "moved": 409,
    "number": 422,
    "origin": 403,
    "over": 410,
    "key": 401,
    "rate": 429,
    "size": 413,
    "tabs": 429,
    "unknown": 404,
    "used": 410,
    "voice": 503,
}
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Refused} for status in sorted({*STATUSES.values(), 503})
}


class ChatDesk(Protocol):
    """Who holds the conversations; `voicebot.sessions.chats.Chats` is one. All of it may raise
    TextRefused, TextUnavailable and StorageError."""

    async def begin(self) -> Opened: ...

    async def open(self, secret: str, keys: Callable[[ConversationId], str]) -> Opened: ...

    async def check(self, conversation: ConversationId, key: str) -> None: ...

    async def say(self, conversation: ConversationId, message: Message) -> int: ...

    async def leave_line(self, conversation: ConversationId) -> None: ...

    def writes(self, conversation: ConversationId, on: bool) -> None: ...

    async def changed(
        self, conversation: ConversationId, after: int, wait_s: float
    ) -> ChatView: ...

    def follow(
        self, conversation: ConversationId, after: int
    ) -> AsyncGenerator[ChatView, None]: ...


CallBack = Callable[[ConversationId], Awaitable[CallGrant]]
"""Lets the contact of a conversation call from the page, to go on by voice."""


@dataclass(frozen=True, slots=True)
class ChatRules:
    """Who may ask, and how often: ``origins`` of pages that may embed conversations, links and new
    conversations that one address may ask for in a minute, messages of one conversation in a
    minute. ``fresh``: a conversation may begin without a link. ``secure``: our page is served over
    TLS. ``keep_s`` is how long a browser keeps its key."""

    origins: Collection[str] = ()
    opens_per_minute: int = 20
    messages_per_minute: int = 60
    fresh: bool = True
    secure: bool = False
    keep_s: int = 24 * 3600


class Entrance:
    """Says who may ask what: origins, keys, and how often."""

    def __init__(
        self, desk: ChatDesk, rules: ChatRules, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.desk = desk
        self.rules = rules
        self._clock = clock
        self._opens = RateLimit(rules.opens_per_minute)
        self._messages = RateLimit(rules.messages_per_minute)
        self._typing = RateLimit(TYPING_PER_MINUTE)

    def may_open(self, request: Request) -> None:
        """Raises TextRefused: 'origin', 'rate'."""
        if not own_origin(request.headers, self.rules.origins):
            raise TextRefused("origin", "this page may not hold conversations with us")
        self._within(self._opens, request.client.host if request.client else "")

    def may_write(self, conversation: ConversationId) -> None:
        """Raises TextRefused 'rate'."""
        self._within(self._messages, conversation)

    def types(self, conversation: ConversationId, on: bool) -> None:
        """The caller is typing, or is not. Raises TextRefused 'rate'."""
        self._within(self._typing, conversation)
        self.desk.writes(conversation, on)

    def _within(self, limit: RateLimit, who: str) -> None:
        if wait_s := limit.wait_s(who, self._clock()):
            raise TextRefused("rate", "too much in a short time", math.ceil(wait_s))

    async def known(self, request: Request, conversation: ConversationId) -> ConversationId:
        """Raises TextRefused 'key' for who does not hold the conversation, 'origin'."""
        origin = request.headers.get("origin")
        if origin is not None and not own_origin(request.headers, self.rules.origins):
            raise TextRefused("origin", "this page may not hold conversations with us")
        await self.desk.check(conversation, key_of(request, conversation))
        return conversation

    def keep(self, response: Response, opened: Opened) -> None:
        """Give our page's browser the key of what it has opened."""
        response.set_cookie(
            cookie_of(opened.conversation),
            opened.key,
            max_age=self.rules.keep_s,
            path="/api/chat",
            secure=self.rules.secure,
            httponly=True,
            samesite="strict",
        )

    def cross_origin(self, request: Request) -> dict[str, str]:
        """What lets a page of another origin read the answer (the Fetch standard, section 3.3)."""
        origin = request.headers.get("origin", "")
        return {"Access-Control-Allow-Origin": origin} if origin in self.rules.origins else {}


def chat_router(
    entrance: Entrance, call_back: CallBack | None = None, phones: PhoneCalls | None = None
) -> APIRouter:
    """Serve conversations by request and answer; `chat_socket` adds the WebSocket."""
    desk, rules = entrance.desk, entrance.rules
    router = APIRouter(
        prefix="/api/chat", tags=["chat"], responses=_REFUSALS, route_class=_route_of(entrance)
    )

    async def known(conversation: str, request: Request) -> ConversationId:
        return await entrance.known(request, ConversationId(conversation))

    @router.post("/open", summary="Open a link")
    async def open_link(request: Request, response: Response) -> Begun:
        """Redeem the secret of a link, once; the browser that did so may do it again."""
        entrance.may_open(request)
        link = await read_body(request, Link, LARGEST_BODY, TextRefused)
        opened = await desk.open(link.token, lambda conversation: key_of(request, conversation))
        return _begun(entrance, request, response, opened)

    @router.post("/begin", summary="Begin without a link")
    async def begin(request: Request, response: Response) -> Begun:
        """Begin a conversation that comes from no call."""
        entrance.may_open(request)
        if not rules.fresh:
            raise TextRefused("unknown", "conversations begin with a link here")
        return _begun(entrance, request, response, await desk.begin())

    @router.post("/{conversation}/messages", summary="Write")
    async def write(request: Request, conversation: ConversationId = Depends(known)) -> Sent:
        """Add a message, or correct a fact. The same id again changes nothing. The answers come
        with the views."""
        entrance.may_write(conversation)
        written = await read_body(request, Written, LARGEST_BODY, TextRefused)
        return Sent(cursor=await desk.say(conversation, message_of(written)))

    @router.get("/{conversation}/lines", summary="Read")
    async def lines(
        conversation: ConversationId = Depends(known),
        after: int = Query(0, ge=0, description="the last line that is known already"),
        wait_s: float = Query(0, ge=0, le=LONGEST_WAIT_S, description="how long to wait for one"),
    ) -> View:
        """Give what came after a line, at once where there is something."""
        return View.of(await desk.changed(conversation, after, wait_s))

    @router.get("/{conversation}/events", summary="Follow", response_class=StreamingResponse)
    async def events(
        conversation: ConversationId = Depends(known), after: int = Query(0, ge=0)
    ) -> StreamingResponse:
        """Send each view as a server-sent event; its id is the cursor."""
        stream = as_events(desk.follow(conversation, after))
        return StreamingResponse(stream, media_type="text/event-stream")

    @router.post("/{conversation}/typing", status_code=204, summary="Show that the caller types")
    async def typing(request: Request, conversation: ConversationId = Depends(known)) -> None:
        """Let an agent who has the conversation see that the caller is writing, or no longer is:
        for pages without a WebSocket."""
        types = await read_body(request, Typing, LARGEST_BODY, TextRefused)
        entrance.types(conversation, types.on)

    @router.post("/{conversation}/leave_line", status_code=204, summary="Wait for nobody")
    async def leave_line(conversation: ConversationId = Depends(known)) -> None:
        """Give the place in a queue up; the flow goes on as where nobody came."""
        entrance.may_write(conversation)
        await desk.leave_line(conversation)

    @router.post("/{conversation}/call", summary="Go on by voice")
    async def call(conversation: ConversationId = Depends(known)) -> CallGrant:
        """Give a token with which the page calls; the call begins where the text stands."""
        if call_back is None:
            raise TextRefused("voice", "calls from browsers are not served here")
        return await call_back(conversation)

    add_phone_routes(router, known, entrance.may_write, phones)

    @router.options("/{path:path}", include_in_schema=False)
    async def preflight(request: Request) -> Response:
        if not entrance.cross_origin(request):
            return Response(status_code=403)
        allowed = {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Max-Age": "600",
        }
        return Response(status_code=204, headers=allowed)

    return router


def message_of(written: Written) -> Message:
    return Message(written.id, written.text, fact=written.fact)


def cookie_of(conversation: ConversationId) -> str:
    """The name of the cookie that holds a conversation's key."""
    return f"voicebot_{conversation[:16]}"


def key_of(request: Request, conversation: ConversationId) -> str:
    """The key that a request shows for a conversation, or ''."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return request.cookies.get(cookie_of(conversation), "")


def refused(error: TextRefused | TextUnavailable) -> JSONResponse:
    """Why not, as an answer."""
    if isinstance(error, TextUnavailable):
        body = Refused(detail=str(error), code="unavailable").model_dump()
        return JSONResponse(body, 503, {"Retry-After": "30"})
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    body = Refused(detail=error.reason, code=error.code).model_dump()
    return JSONResponse(body, STATUSES[error.code], headers)


def _begun(entrance: Entrance, request: Request, response: Response, opened: Opened) -> Begun:
    """Our own page gets its key as a cookie, any other in the body."""
    if opened.key and own_origin(request.headers):
        entrance.keep(response, opened)
        return Begun(conversation=opened.conversation)
    return Begun(conversation=opened.conversation, key=opened.key)


def _route_of(entrance: Entrance) -> type[APIRoute]:
    """Routes that tell refusals in one form, and never let an answer be stored."""

    class ChatRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handler = super().get_route_handler()

            async def handle(request: Request) -> Response:
                try:
                    response = await handler(request)
                except (TextRefused, TextUnavailable) as error:
                    response = refused(error)
                except StorageError as error:
                    log.error("storage_failed", problem=str(error))
                    response = refused(TextUnavailable(str(error)))
                response.headers["Cache-Control"] = "no-store"
                response.headers["Referrer-Policy"] = "no-referrer"
                response.headers["Vary"] = "Origin"
                response.headers.update(entrance.cross_origin(request))
                return response

            return handle

    return ChatRoute
