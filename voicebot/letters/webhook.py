"""Notices posted as signed JSON (`texting.signature`). The id goes along as ``Idempotency-Key``."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx

from voicebot.letters.letter import Letter
from voicebot.texting.gateway import Accepted
from voicebot.texting.http_answers import Answer, ask
from voicebot.texting.signature import signed_headers


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
        body = json.dumps(letter.body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": letter.id}
        headers |= signed_headers(body, self._clock(), self._secret)
        request = self._client.build_request("POST", self._url, content=body, headers=headers)
        answer = await ask(self._client, request)
        found = answer.attempt() if isinstance(answer, Answer) else answer
        return "" if isinstance(found, Accepted) else found.problem
