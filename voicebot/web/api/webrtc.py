"""``/api/webrtc``: how a caller's page gets its call (SDP by HTTP, no trickle).

A token, then an offer with it, then offers anew when the page's network changed. Only pages of our
own origin or of those in the settings may ask, so often a minute, and briefly. What is refused is
told as ``{"detail", "code"}``: the page has words for each code.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from voicebot.errors import CallRefused
from voicebot.types import CallId
from voicebot.web.bodies import read_body
from voicebot.web.origin import own_origin
from voicebot.web.rate_limit import RateLimit

LARGEST_BODY: Final = 32 * 1024
_STATUSES: Final[Mapping[str, int]] = {
    "token": 401,
    "origin": 403,
    "gone": 404,
    "size": 413,
    "offer": 422,
    "rate": 429,
    "busy": 503,
    "unavailable": 503,
}


class CallerDoor(Protocol):
    """The door that a page's call comes through. All of it may raise CallRefused."""

    def issue_token(self) -> tuple[str, float]: ...

    def is_known(self, token: str) -> bool:
        """Whether the token was given to one of our staff: those are not counted by address, as a
        whole office has one."""
        ...

    def browser_ice_servers(self) -> list[dict[str, str]]: ...

    async def offer(self, token: str, sdp: str, origin: str) -> tuple[CallId, str]: ...

    async def restart(self, token: str, sdp: str) -> str: ...


@dataclass(frozen=True, slots=True)
class PagePolicy:
    """Who may ask, and how often: other origins than our own (``https://shop.example``), and
    requests of one address in a minute."""

    origins: Collection[str] = ()
    per_minute: int = 30


class Offer(BaseModel):
    """An offer of the page's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: str = Field(max_length=64, description="the one from /api/webrtc/token")
    sdp: str = Field(description="the browser's offer, its candidates in it")


class Token(BaseModel):
    """The right to make one call."""

    token: str
    expires_in_s: float = Field(description="how long it may be used for the offer")
    ice_servers: list[dict[str, str]] = Field(description="as RTCConfiguration wants them")


class Answer(BaseModel):
    """voicebot's answer to an offer."""

    call: str = Field(description="id of the call, as in /api/calls; empty in a restart")
    sdp: str


class Refused(BaseModel):
    """Why a page is not given what it asks for."""

    detail: str = Field(examples=["all lines are in use"])
    code: str = Field(description="for programs", examples=sorted(_STATUSES))


_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Refused} for status in sorted(set(_STATUSES.values()))
}


def webrtc_router(
    door: CallerDoor, policy: PagePolicy, clock: Callable[[], float] = time.monotonic
) -> APIRouter:
    """Serve pages that want to call through ``door``; ``clock`` is that of the rate limit."""
    limit = RateLimit(policy.per_minute)

    def count(request: Request) -> None:
        address = request.client.host if request.client else ""
        if wait_s := limit.wait_s(address, clock()):
            raise CallRefused("rate", "too many requests from here", math.ceil(wait_s))

    def asking(request: Request) -> str:
        """The page's origin."""
        origin = _origin(request, policy.origins)
        count(request)
        return origin

    # Defaults, not Annotated: `asking` is local, and postponed annotations are read from outside.
    router = APIRouter(prefix="/api/webrtc", tags=["webrtc"], responses=_REFUSALS)

    @router.post("/token", summary="Ask for a call")
    async def token(_: str = Depends(asking)) -> Token:
        """Give a token for one call, and the servers that help a browser through its network."""
        granted, seconds = door.issue_token()
        return Token(token=granted, expires_in_s=seconds, ice_servers=door.browser_ice_servers())

    @router.post("/offer", summary="Make the call", openapi_extra=_body(Offer))
    async def offer(request: Request) -> Answer:
        """Take the browser's offer; the call begins. The token then stands for this call."""
        origin = _origin(request, policy.origins)
        wanted = await read_body(request, Offer, LARGEST_BODY, _refused)
        if not door.is_known(wanted.token):
            count(request)
        call, sdp = await door.offer(wanted.token, wanted.sdp, origin)
        return Answer(call=call, sdp=sdp)

    @router.post("/restart", summary="Go on over another network", openapi_extra=_body(Offer))
    async def restart(request: Request, _: str = Depends(asking)) -> Answer:
        """Take the offer of a new connection for a running call, addressed by its token."""
        wanted = await read_body(request, Offer, LARGEST_BODY, _refused)
        return Answer(call="", sdp=await door.restart(wanted.token, wanted.sdp))

    return router


def _origin(request: Request, allowed: Collection[str]) -> str:
    """The origin of the page that asks. Raises CallRefused unless it is ours or allowed."""
    origin = own_origin(request.headers, allowed)
    if not origin:
        raise CallRefused(
            "origin", "calls are made from voicebot's own page, or one it was told of"
        )
    return origin


def _refused(code: str, reason: str) -> CallRefused:
    return CallRefused("offer" if code == "form" else code, reason)


def _body(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


async def tell_refused(request: Request, error: Exception) -> Response:
    """A `CallRefused` as an HTTP response (an exception handler of the application)."""
    assert isinstance(error, CallRefused)
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    body = Refused(detail=error.reason, code=error.code).model_dump()
    return JSONResponse(body, _STATUSES[error.code], headers)
