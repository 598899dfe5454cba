"""One POST to a gateway, and what its answer says about the message. Shared by all HTTP gateways.

What failed before the request left us (no connection) certainly did not go out, nor what was turned
away for now (429, 503). Silence, a broken connection and the other 5xx leave it open.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from voicebot.texting.gateway import Accepted, Attempt, Refused, Undecided, Unreached

TIMEOUT_S = 10.0
LARGEST_ANSWER = 64 * 1024
LONGEST_WISH_S = 3600.0
"""The longest Retry-After that is followed."""

_NOT_NOW = frozenset({429, 503})
_OPEN = frozenset({408, 500, 502, 504})


class Answer:
    """A gateway's answer: its status and body (no more than `LARGEST_ANSWER` octets)."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def attempt(self, reference: str = "") -> Attempt:
        """What it means; ``reference`` is the gateway's id, read by who knows its form."""
        problem = f"the gateway answered with status {self.status}"
        if 200 <= self.status < 300:
            return Accepted(reference)
        if self.status in _NOT_NOW:
            return Unreached(problem, _retry_after_s(self.headers.get("retry-after", "")))
        return Undecided(problem) if self.status in _OPEN else Refused(problem)


async def ask(client: httpx.AsyncClient, request: httpx.Request) -> Answer | Unreached | Undecided:
    """Send ``request`` and read its answer. Never raises for what the network does."""
    request.extensions["timeout"] = httpx.Timeout(TIMEOUT_S).as_dict()
    try:
        response = await client.send(request, stream=True)
        try:
            body = b""
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > LARGEST_ANSWER:
                    break
        finally:
            await response.aclose()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return Unreached("the gateway cannot be reached")
    except httpx.TimeoutException:
        return Undecided("the gateway did not answer in time")
    except httpx.HTTPError:
        return Undecided("the connection to the gateway broke")
    return Answer(response.status_code, response.headers, body)


def _retry_after_s(value: str) -> float | None:
    return min(float(value), LONGEST_WISH_S) if value.isascii() and value.isdigit() else None
