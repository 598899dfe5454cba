"""HTTP actions: one JSON request by httpx, bounded in time, size and distance.

Every argument is percent-encoded into the URL and typed into the body. What changes data carries an
``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header), the same with all tries. Redirects
are followed for GET and HEAD, on the same host only: an answer must not send our headers elsewhere.
Left out on purpose: cookies, other bodies than JSON, and Retry-After, as no caller waits that long.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

import httpx

from voicebot.action_result import ActionResult
from voicebot.actions.definition import HttpWork
from voicebot.actions.refused import Refused, Transient
from voicebot.actions.template import (
    TemplateProblem,
    encode_for_header,
    encode_for_url,
    fill_json,
)
from voicebot.errors import ActionError
from voicebot.flows.once import KEY_ARGUMENT
from voicebot.types import Json

MAX_ANSWER_BYTES = 1_000_000
MAX_REDIRECTS = 3

_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def new_client() -> httpx.AsyncClient:
    """The client that all HTTP actions share: kept-alive connections, no cookies kept.

    httpx logs each URL, and URLs hold what callers said: its loggers are turned down.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
    return httpx.AsyncClient(follow_redirects=False, limits=limits)


class HttpWorker:
    """Runs one HTTP action."""

    def __init__(
        self,
        name: str,
        work: HttpWork,
        client: httpx.AsyncClient,
        environment: Mapping[str, str],
    ) -> None:
        self._name = name
        self._work = work
        self._client = client
        self._environment = environment

    async def run(self, arguments: Mapping[str, Json], timeout_s: float) -> Json:
        """Ask once. Raises ActionError; Refused for a 4xx, Transient where the service was not
        reached, broke off or has an error of its own."""
        request = self._request(arguments)
        request.extensions["timeout"] = httpx.Timeout(timeout_s).as_dict()
        return await self._ask(request)

    def _request(self, arguments: Mapping[str, Json]) -> httpx.Request:
        try:
            url = self._work.url.render(arguments, self._environment, encode_for_url)
            headers = {
                name: template.render(arguments, self._environment, encode_for_header)
                for name, template in self._work.headers.items()
            }
            body = fill_json(self._work.json, arguments, self._environment)
        except TemplateProblem as error:
            raise Refused(self._name, str(error)) from None
        headers.setdefault("Accept", "application/json")
        if self._work.changes:
            headers["Idempotency-Key"] = str(arguments[KEY_ARGUMENT])
        content = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            headers.setdefault("Content-Type", "application/json")
        try:
            return self._client.build_request(
                self._work.method, url, headers=headers, content=content
            )
        except (httpx.InvalidURL, ValueError, TypeError):
            raise Refused(self._name, "the URL or a header cannot be sent") from None

    async def _ask(self, request: httpx.Request) -> Json:
        """One try, redirects included."""
        for _ in range(MAX_REDIRECTS + 1):
            status, location, body = await self._send(request)
            if status not in _REDIRECTS or location is None:
                return self._answer(status, body)
            request = self._redirected(request, location)
        raise ActionError(self._name, f"the service redirects more than {MAX_REDIRECTS} times")

    async def _send(self, request: httpx.Request) -> tuple[int, str | None, bytes]:
        try:
            response = await self._client.send(request, stream=True)
            try:
                body = await self._read(response)
            finally:
                await response.aclose()
        except httpx.TimeoutException:
            problem = "the service did not answer in time"
            raise Transient(self._name, problem, ActionResult.TIMED_OUT) from None
        except httpx.ConnectError:
            raise Transient(self._name, "the service cannot be reached") from None
        except httpx.TransportError:
            raise Transient(self._name, "the connection to the service broke") from None
        except httpx.HTTPError as error:
            problem = f"the answer cannot be read: {type(error).__name__}"
            raise ActionError(self._name, problem) from None
        return response.status_code, response.headers.get("location"), body

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > MAX_ANSWER_BYTES:
                problem = f"the answer is longer than {MAX_ANSWER_BYTES} bytes"
                raise ActionError(self._name, problem)
        return bytes(body)

    def _redirected(self, request: httpx.Request, location: str) -> httpx.Request:
        if request.method not in {"GET", "HEAD"}:
            raise ActionError(self._name, f"the service redirects a {request.method}")
        try:
            target = request.url.join(location)
        except httpx.InvalidURL:
            raise ActionError(self._name, "the service redirects to no URL") from None
        if (target.scheme, target.host, target.port) != (
            request.url.scheme,
            request.url.host,
            request.url.port,
        ):
            raise ActionError(self._name, "the service redirects to another host, which is refused")
        return httpx.Request(
            request.method, target, headers=request.headers, extensions=request.extensions
        )

    def _answer(self, status: int, body: bytes) -> Json:
        if status in self._work.absent:
            return None
        if not self._expected(status):
            kind = Transient if status in _TRANSIENT else Refused if 400 <= status < 500 else None
            raise (kind or ActionError)(self._name, f"the service answered with status {status}")
        if not body.strip():
            return None
        try:
            answer: Json = json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise ActionError(self._name, "the service's answer is not JSON") from None
        return self._part(answer)

    def _expected(self, status: int) -> bool:
        return status in self._work.expect if self._work.expect else 200 <= status < 300

    def _part(self, answer: Json) -> Json:
        """Follow the ``result`` path into the answer."""
        for step in self._work.result:
            if isinstance(answer, dict) and step in answer:
                answer = answer[step]
            elif isinstance(answer, list) and step.isdecimal() and int(step) < len(answer):
                answer = answer[int(step)]
            else:
                path = ".".join(self._work.result)
                raise ActionError(self._name, f"the service's answer holds no '{path}'")
        return answer


def _no_constant(name: str) -> Json:
    """NaN and the infinities are no JSON (RFC 8259, section 6)."""
    raise ValueError(name)
