"""``/api/texting`` and ``/api/outbox``: what became of messages, what people answer, what went out.

Providers post here; each request must carry a signature, Twilio's own or that of
`sending.signature`. An answer is an opt-out word or nothing to us: who wants to write opens the
link.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from voicebot.sending.signature import fault_in
from voicebot.texting.message import MessageState, TextMessage
from voicebot.texting.numbers import as_e164
from voicebot.texting.opt_out import Wish
from voicebot.web import twiml
from voicebot.web.api.models import Problem
from voicebot.web.carrier_signature import is_signed, spellings
from voicebot.web.forms import parse_json, read_body, read_form

PREFIX: Final = "/api/texting"
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    403: {"model": Problem, "description": "The signature is missing, wrong or too old."}
}


@dataclass(frozen=True, slots=True)
class TextingDesk:
    """What the routers need of the rest; ``clock`` gives UTC epoch seconds."""

    reported: Callable[[str, MessageState, str], Awaitable[bool]]
    heard: Callable[[str, str], Awaitable[Wish | None]]
    latest: Callable[[int], Awaitable[Sequence[TextMessage]]]
    country_code: str = ""
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class TextCarrier:
    """A provider that signs as Twilio does. ``public_url`` is our address as it sees it; ``states``
    are its words for what became of a message."""

    public_url: str
    auth_token: str = field(repr=False)
    states: dict[str, MessageState]


class _Status(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1, max_length=200)
    status: Literal["sent", "delivered", "failed"]
    problem: str = Field("", max_length=200)


class _Inbound(BaseModel):
    model_config = ConfigDict(extra="ignore")

    sender: str = Field(min_length=1, max_length=64)
    text: str = Field(max_length=4000)


class OutboxMessage(BaseModel):
    """A message that went out, or is to."""

    id: str
    channel: str
    recipient: str
    text: str = Field(description="empty once it has served: it may hold the secret of a link")
    state: MessageState
    tries: int
    created_at: datetime
    changed_at: datetime
    call: str | None = Field(description="the call that it belongs to")
    problem: str

    @classmethod
    def of(cls, message: TextMessage) -> OutboxMessage:
        return cls(
            id=message.id,
            channel=message.channel,
            recipient=message.recipient,
            text=message.body,
            state=message.state,
            tries=message.tries,
            created_at=datetime.fromtimestamp(message.created_at, UTC),
            changed_at=datetime.fromtimestamp(message.changed_at, UTC),
            call=message.contact,
            problem=message.problem,
        )


class Outbox(BaseModel):
    messages: list[OutboxMessage]


def outbox_router(desk: TextingDesk) -> APIRouter:
    """Show messages."""
    router = APIRouter(prefix="/api/outbox", tags=["text"])

    @router.get("", summary="Messages that went out, or wait")
    async def outbox(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Outbox:
        """The newest messages, newest first."""
        return Outbox(messages=[OutboxMessage.of(each) for each in await desk.latest(limit)])

    return router


def carrier_router(desk: TextingDesk, carrier: TextCarrier) -> APIRouter:
    """Serve a provider that posts forms and signs them as Twilio does."""
    router = APIRouter(prefix=f"{PREFIX}/twilio", tags=["text"], responses=_REFUSED)

    async def signed_form(request: Request, path: str, given: str) -> dict[str, str]:
        fields = await read_form(request)
        query = f"?{request.url.query}" if request.url.query else ""
        url = f"{carrier.public_url}{PREFIX}/twilio{path}{query}"
        if not is_signed(given, spellings(url), fields, carrier.auth_token):
            raise HTTPException(
                403,
                "the signature is not the provider's; texting.public_url and "
                "VOICEBOT_TEXTING__AUTH_TOKEN should be as the provider has them",
            )
        return dict(fields)

    @router.post("/status", summary="What became of a message", status_code=204)
    async def status(
        request: Request,
        id: Annotated[str, Query(min_length=1, max_length=200)],
        x_twilio_signature: Annotated[str, Header()] = "",
    ) -> None:
        """A form with `MessageStatus`, and `ErrorCode` where it failed."""
        form = await signed_form(request, "/status", x_twilio_signature)
        state = carrier.states.get(form.get("MessageStatus", ""))
        if state is None:
            raise HTTPException(422, "MessageStatus should say what became of the message")
        code = form.get("ErrorCode", "")
        problem = f"the provider says error {code}" if code.isdigit() and code != "0" else ""
        if not await desk.reported(id, state, problem):
            raise HTTPException(404, "there is no such message")

    @router.post("/inbound", summary="Somebody has answered", response_class=Response)
    async def inbound(
        request: Request, x_twilio_signature: Annotated[str, Header()] = ""
    ) -> Response:
        """A form with `From` and `Body`. The answer is empty TwiML: the provider confirms opt-outs
        itself."""
        form = await signed_form(request, "/inbound", x_twilio_signature)
        await desk.heard(_number(form.get("From", ""), desk), form.get("Body", ""))
        return Response(twiml.nothing(), media_type=twiml.CONTENT_TYPE)

    return router


def provider_router(desk: TextingDesk, secret: str) -> APIRouter:
    """Serve any other provider, by JSON that is signed as our own webhooks are."""
    router = APIRouter(prefix=PREFIX, tags=["text"], responses=_REFUSED)

    async def signed(request: Request, timestamp: str, signature: str) -> bytes:
        body = await read_body(request)
        fault = fault_in(body, timestamp, signature, desk.clock(), secret)
        if fault:
            raise HTTPException(403, fault)
        return body

    @router.post("/status", summary="What became of a message", status_code=204)
    async def status(
        request: Request,
        x_voicebot_timestamp: Annotated[str, Header()] = "",
        x_voicebot_signature: Annotated[str, Header()] = "",
    ) -> None:
        """`{"id": …, "status": "sent" | "delivered" | "failed", "problem": …}`"""
        body = await signed(request, x_voicebot_timestamp, x_voicebot_signature)
        told = parse_json(_Status, body)
        if not await desk.reported(told.id, MessageState(told.status), told.problem):
            raise HTTPException(404, "there is no such message")

    @router.post("/inbound", summary="Somebody has answered", status_code=204)
    async def inbound(
        request: Request,
        x_voicebot_timestamp: Annotated[str, Header()] = "",
        x_voicebot_signature: Annotated[str, Header()] = "",
    ) -> None:
        """`{"sender": number, "text": …}`"""
        body = await signed(request, x_voicebot_timestamp, x_voicebot_signature)
        told = parse_json(_Inbound, body)
        await desk.heard(_number(told.sender, desk), told.text)

    return router


def _number(written: str, desk: TextingDesk) -> str:
    number = as_e164(written, desk.country_code)
    if number is None:
        raise HTTPException(422, "the sender should be a telephone number, such as +15550100")
    return number
