"""Our own webhook for messengers: lines of a conversation, posted as signed JSON.

``{"id", "channel", "recipient", "conversation", "cursor", "who", "name", "text", "replies",
"card"}``, where ``who`` is 'bot' or 'agent', and ``name`` the agent's. The id is made of
conversation and cursor, so that a receiver who has seen it answers 200 and does nothing; that is
the contract, and why an unanswered line is posted again.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx

from voicebot.sessions.invitation import TextTo
from voicebot.texting.gateway import Attempt
from voicebot.texting.http_answers import Answer, ask
from voicebot.texting.message import TextMessage
from voicebot.texting.signature import signed_headers

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
        "who": line.who,
        "name": line.name,
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
        body = message.body.encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.id}
        headers |= signed_headers(body, self._clock(), self._secret)
        request = self._client.build_request("POST", self._url, content=body, headers=headers)
        answer = await ask(self._client, request)
        return answer.attempt() if isinstance(answer, Answer) else answer

    async def aclose(self) -> None:
        await self._client.aclose()
