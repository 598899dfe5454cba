"""JSON posted to a receiver who knows our signature (`sending.signature`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from voicebot.sending.attempt import Attempt, Refused
from voicebot.sending.http_answers import TIMEOUT_S, Answer, ask
from voicebot.sending.signature import signed_headers


@dataclass(frozen=True, slots=True)
class SignedPost:
    """One receiver. ``clock`` gives UTC epoch seconds; ``timeout_s`` bounds a whole attempt."""

    url: str
    secret: str = field(repr=False)
    client: httpx.AsyncClient
    clock: Callable[[], float]
    timeout_s: float = TIMEOUT_S

    async def send(self, body: bytes, headers: Mapping[str, str]) -> Attempt:
        """Post the JSON ``body``, and tell ``headers`` beside. Never raises for what the network
        does."""
        sent = {
            "Content-Type": "application/json",
            **headers,
            **signed_headers(body, self.clock(), self.secret),
        }
        try:
            request = self.client.build_request("POST", self.url, content=body, headers=sent)
        except httpx.InvalidURL:
            return Refused("the URL cannot be asked")
        answer = await ask(self.client, request, self.timeout_s)
        return answer.attempt() if isinstance(answer, Answer) else answer
