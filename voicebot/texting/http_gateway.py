"""Any provider's HTTP interface, by templates: URL, headers and a JSON body or form fields.

``{to}``, ``{text}``, ``{id}`` and ``{sender}`` are filled in, and ``${env:NAME}`` from the
environment (`actions.template`). The id also goes out as ``Idempotency-Key``; whether the provider
heeds it is a setting, and decides whether a message without an answer is sent again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx

from voicebot.actions.template import (
    Template,
    TemplateProblem,
    encode_for_header,
    encode_for_url,
    fill_json,
)
from voicebot.sending.attempt import Attempt, Refused
from voicebot.sending.http_answers import Answer, ask
from voicebot.texting.message import TextMessage
from voicebot.types import Json


@dataclass(frozen=True, slots=True)
class HttpProvider:
    """How a provider wants to be asked. ``json`` or ``form`` is the body, or neither.

    ``reference`` is the path to the provider's own id in its JSON answer, empty where it gives
    none.
    """

    url: Template
    sender: str = ""
    method: str = "POST"
    headers: Mapping[str, Template] = field(default_factory=dict)
    json: Json = None
    form: Mapping[str, Json] = field(default_factory=dict)
    reference: tuple[str, ...] = ()
    repeatable: bool = False


class HttpGateway:
    """Sends messages as `HttpProvider` says."""

    keeps_body = False

    def __init__(
        self, provider: HttpProvider, client: httpx.AsyncClient, environment: Mapping[str, str]
    ) -> None:
        self._provider = provider
        self._client = client
        self._environment = environment

    @property
    def repeatable(self) -> bool:
        return self._provider.repeatable

    async def send(self, message: TextMessage) -> Attempt:
        try:
            request = self._request(message)
        except TemplateProblem as problem:
            return Refused(str(problem))
        except (httpx.InvalidURL, ValueError, TypeError):
            return Refused("the URL or a header of the gateway cannot be sent")
        answer = await ask(self._client, request)
        if not isinstance(answer, Answer):
            return answer
        return answer.attempt(_found(answer.body, self._provider.reference))

    async def aclose(self) -> None:
        await self._client.aclose()

    def _request(self, message: TextMessage) -> httpx.Request:
        provider, environment = self._provider, self._environment
        values: dict[str, str | int | float | bool | None] = {
            "to": message.recipient,
            "text": message.body,
            "id": message.id,
            "sender": provider.sender,
        }
        headers = {
            name: template.render(values, environment, encode_for_header)
            for name, template in provider.headers.items()
        }
        headers.setdefault("Idempotency-Key", message.id)
        content = b""
        if provider.json is not None:
            filled = fill_json(provider.json, values, environment)
            content = json.dumps(filled, ensure_ascii=False).encode()
            headers.setdefault("Content-Type", "application/json")
        elif provider.form:
            fields = fill_json(dict(provider.form), values, environment)
            assert isinstance(fields, dict)
            content = urlencode({name: str(value) for name, value in fields.items()}).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        url = provider.url.render(values, environment, encode_for_url)
        return self._client.build_request(provider.method, url, headers=headers, content=content)


def _found(body: bytes, path: tuple[str, ...]) -> str:
    if not path:
        return ""
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    for step in path:
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return str(value)[:200] if isinstance(value, str | int) else ""
