"""Our own webhook for messengers: lines of a conversation, posted as signed JSON.

``{"id", "channel", "recipient", "conversation", "cursor", "text", "replies", "card"}``. The id is
made of conversation and cursor, so that a receiver who has seen it answers 200 and does nothing;
that is the contract, and why an unanswered line is posted again.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx

from voicebot.sending.attempt import Attempt
from voicebot.sending.http_answers import post_signed
from voicebot.sessions.invitation import TextTo
from voicebot.texting.message import TextMessage

KEEP_TRYING_S = 3600.0
"""How long a line is of use to somebody in a conversation."""


def line_message(line: TextTo, now: float) -> TextMessage:
    """``line`` as a message to be sent; the same line gives the same id."""
    message_id = f"{line.conversation}.{line.cursor}"
    body = {
        "id": message_id,
        "channel": line.channel,
        "recipient": line.sender,
        "conversation": line.conversation,
        "cursor": line.cursor,
        "text": line.text,
        "replies": list(line.replies),
        "card": line.card.to_json() if line.card is not None else None,
    }
    return TextMessage(
        id=message_id,
        channel=line.channel,
        recipient=line.sender,
        body=json.dumps(body, ensure_ascii=False),
        created_at=now,
        expires_at=now + KEEP_TRYING_S,
        due_at=now,
        changed_at=now,
    )


class WebhookGateway:
    """Posts lines to ``url``, signed with ``secret``."""

    repeatable = True
    keeps_body = False

    def __init__(
        self, url: str, secret: str, client: httpx.AsyncClient, clock: Callable[[], float]
    ) -> None:
        self._url = url
        self._secret = secret
        self._client = client
        self._clock = clock

    async def send(self, message: TextMessage) -> Attempt:
        return await post_signed(
            self._client,
            self._url,
            message.body.encode(),
            {"Idempotency-Key": message.id},
            secret=self._secret,
            now=self._clock(),
        )

    async def aclose(self) -> None:
        await self._client.aclose()
