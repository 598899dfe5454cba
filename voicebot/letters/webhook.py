"""Notices posted as signed JSON (`sending.signature`). The id goes along as ``Idempotency-Key``."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx

from voicebot.letters.letter import Letter
from voicebot.sending.attempt import Accepted
from voicebot.sending.http_answers import post_signed


class WebhookSender:
    """Posts to ``url``, signed with ``secret``. ``clock`` gives UTC epoch seconds."""

    def __init__(
        self, url: str, secret: str, client: httpx.AsyncClient, clock: Callable[[], float]
    ) -> None:
        self._url = url
        self._secret = secret
        self._client = client
        self._clock = clock

    async def send(self, letter: Letter) -> str:
        attempt = await post_signed(
            self._client,
            self._url,
            json.dumps(letter.body, ensure_ascii=False).encode(),
            {"Idempotency-Key": letter.id},
            secret=self._secret,
            now=self._clock(),
        )
        return "" if isinstance(attempt, Accepted) else attempt.problem
