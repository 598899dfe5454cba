"""Notices posted as signed JSON. The id goes along as ``Idempotency-Key``."""

from __future__ import annotations

import json

from voicebot.letters.letter import Letter
from voicebot.sending.attempt import Accepted
from voicebot.sending.signed_post import SignedPost


class WebhookSender:
    """Sends letters to the receiver of ``post``."""

    def __init__(self, post: SignedPost) -> None:
        self._post = post

    async def send(self, letter: Letter) -> str:
        body = json.dumps(letter.body, ensure_ascii=False).encode()
        attempt = await self._post.send(body, {"Idempotency-Key": letter.id})
        return "" if isinstance(attempt, Accepted) else attempt.problem
