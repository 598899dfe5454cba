"""One request that brings something out over HTTP, and what its answer says about it.

What failed before the request left us (no connection) certainly did not arrive, nor what was turned
away for now (429, 503). Silence, a broken connection and the other 5xx leave it open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from voicebot.sending.attempt import Accepted, Attempt, Refused, Undecided, Unreached

TIMEOUT_S = 10.0
LARGEST_ANSWER = 64 * 1024
LONGEST_WISH_S = 3600.0
"""The longest Retry-After that is followed."""

_NOT_NOW = frozenset({429, 503})
_OPEN = frozenset({408, 500, 502, 504})


class Answer:
    """Status and body (no more than `LARGEST_ANSWER` octets and the rest of one piece)."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def attempt(self, reference: str = "") -> Attempt:
        """What it means; ``reference`` is the other side's id, read by who knows its form."""
        problem = f"the other side answered with status {self.status}"
        if 200 <= self.status < 300:
            return Accepted(reference)
        if self.status in _NOT_NOW:
            return Unreached(problem, _retry_after_s(self.headers.get("retry-after", "")))
        return Undecided(problem) if self.status in _OPEN else Refused(problem)


async def ask(
    client: httpx.AsyncClient, request: httpx.Request, timeout_s: float = TIMEOUT_S
) -> Answer | Unreached | Undecided:
    """Send ``request`` and read its answer, all within ``timeout_s``, half of it to connect. Never
    raises for what the network does."""
    # A connection that takes its time is known not to have brought anything: it ends by itself
    # before the whole is given up.
    patience = httpx.Timeout(timeout_s, connect=timeout_s / 2, pool=timeout_s / 2)
    request.extensions["timeout"] = patience.as_dict()
    try:
        async with asyncio.timeout(timeout_s):
            return await _asked(client, request)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return Unreached("the other side cannot be reached")
    except (httpx.TimeoutException, TimeoutError):
        return Undecided("the other side did not answer in time")
    except httpx.HTTPError:
        return Undecided("the connection to the other side broke")


async def _asked(client: httpx.AsyncClient, request: httpx.Request) -> Answer:
    response = await client.send(request, stream=True)
    try:
        body = b""
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > LARGEST_ANSWER:
                break
    finally:
        await response.aclose()
    return Answer(response.status_code, response.headers, body)


def _retry_after_s(value: str) -> float | None:
    return min(float(value), LONGEST_WISH_S) if value.isascii() and value.isdigit() else None
