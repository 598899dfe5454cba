"""``/api/webhook/messages``: what people write in a messenger that somebody has joined to us.

A signed JSON object a message (`sending.signature`). The lines that answer it are posted back to
the configured address; the answer here only says how many there will be. A message that comes
again, by its id, gives the same lines, which have the same ids and so go out once.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from voicebot.errors import TextRefused, TextUnavailable
from voicebot.sending.signature import fault_in
from voicebot.sessions.invitation import TextDesk, TextFrom, TextTo
from voicebot.web.api.models import Problem
from voicebot.web.forms import parse_json, read_body

LONGEST_TEXT = 4000


class WebhookMessage(BaseModel):
    """What somebody wrote. ``id`` is the messenger's own id of it, ``sender`` names the person
    there: a text that stays the same."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1, max_length=128)
    sender: str = Field(min_length=1, max_length=128)
    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class Taken(BaseModel):
    lines: int = Field(description="how many lines answer it; they are posted to the webhook")


@dataclass(frozen=True, slots=True)
class Webhook:
    """``send`` queues a line for posting; the same line twice goes out once."""

    channel: str
    secret: str = field(repr=False)
    desk: TextDesk
    send: Callable[[TextTo], Awaitable[None]]
    clock: Callable[[], float] = time.time


def webhook_router(webhook: Webhook) -> APIRouter:
    """Serve the messenger that holds the webhook's secret."""
    router = APIRouter(prefix="/api/webhook", tags=["text"])

    @router.post(
        "/messages",
        status_code=202,
        summary="Somebody wrote in a messenger",
        responses={
            403: {"model": Problem, "description": "The signature is missing, wrong or too old."},
            422: {"model": Problem, "description": "The message cannot be taken as it is."},
            429: {"model": Problem, "description": "Too many messages; wait."},
            503: {"model": Problem, "description": "No conversation can be had now; try again."},
        },
    )
    async def messages(
        request: Request,
        x_voicebot_timestamp: Annotated[str, Header()] = "",
        x_voicebot_signature: Annotated[str, Header()] = "",
    ) -> Taken:
        """`{"id": …, "sender": …, "text": …}`"""
        body = await read_body(request)
        fault = fault_in(
            body, x_voicebot_timestamp, x_voicebot_signature, webhook.clock(), webhook.secret
        )
        if fault:
            raise HTTPException(403, fault)
        told = parse_json(WebhookMessage, body)
        try:
            lines = await webhook.desk.take(
                TextFrom(webhook.channel, told.sender, told.id, told.text)
            )
            for line in lines:
                await webhook.send(line)
        except TextRefused as refusal:
            wait_s = refusal.retry_after_s
            headers = {} if wait_s is None else {"Retry-After": str(wait_s)}
            status = 422 if wait_s is None else 429
            raise HTTPException(status, str(refusal), headers) from None
        except TextUnavailable as error:
            raise HTTPException(503, str(error), {"Retry-After": "10"}) from None
        return Taken(lines=len(lines))

    return router
