"""Our own webhook for messengers: lines of a conversation, posted as signed JSON.

``{"id", "channel", "recipient", "conversation", "cursor", "who", "name", "text", "replies",
"card"}``, where ``who`` is 'bot' or 'agent', and ``name`` the agent's. The id is made of
conversation and cursor, so that a receiver who has seen it answers 200 and does nothing; that is
the contract, and why an unanswered line is posted again.
"""

from __future__ import annotations

import json

from voicebot.sending.attempt import Attempt
from voicebot.sending.signed_post import SignedPost
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
    """Sends lines to the receiver of ``post``."""

    repeatable = True
    keeps_body = False

    def __init__(self, post: SignedPost) -> None:
        self._post = post

    async def send(self, message: TextMessage) -> Attempt:
        return await self._post.send(message.body.encode(), {"Idempotency-Key": message.id})

    async def aclose(self) -> None:
        await self._post.client.aclose()
