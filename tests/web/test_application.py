"""The application describes itself, and loads nothing from elsewhere."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from voicebot.web.application import UnexpectedErrors


async def _description(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/openapi.json")
    assert answer.status_code == 200
    description: dict[str, Any] = answer.json()
    return description


async def test_every_operation_is_described(client: httpx.AsyncClient) -> None:
    description = await _description(client)
    assert set(description["paths"]) == {
        "/api/calls",
        "/api/events",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    for operations in description["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["description"]


async def test_a_call_in_the_description_has_examples(client: httpx.AsyncClient) -> None:
    schemas = (await _description(client))["components"]["schemas"]
    assert schemas["Call"]["properties"]["caller"]["examples"]
    assert schemas["Turn"]["properties"]["prompt"]["examples"]
    assert schemas["Heard"]["properties"]["semantics"]["examples"]


async def test_the_version_is_told(client: httpx.AsyncClient) -> None:
    assert (await _description(client))["info"]["version"] == "1.2.3"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/nothing"])
async def test_other_paths_are_a_404_in_json(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "Not Found"}


async def test_answers_from_around_the_routes_are_told_with_them(client: httpx.AsyncClient) -> None:
    description = await _description(client)
    calls = description["paths"]["/api/calls"]["get"]["responses"]
    assert {"401", "403", "413", "422", "429", "503"} <= set(calls)
    ready = description["paths"]["/readyz"]["get"]["responses"]
    assert "401" not in ready
    assert "ReadinessReport" in str(ready["503"])
    detail = description["components"]["schemas"]["HTTPValidationError"]["properties"]["detail"]
    assert [each["type"] for each in detail["anyOf"]] == ["string", "array"]


async def test_a_refusal_is_told_as_json_where_the_answer_is_text(
    client: httpx.AsyncClient,
) -> None:
    description = await _description(client)
    answers = description["paths"]["/metrics"]["get"]["responses"]
    assert set(answers["200"]["content"]) == {"text/plain"}
    assert set(answers["429"]["content"]) == {"application/json"}


async def _after_its_beginning(error: Exception) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None: ...

    await UnexpectedErrors(app)({"type": "http"}, receive, send)


async def test_who_leaves_a_stream_of_events_is_no_mistake_of_ours() -> None:
    gone = anyio.BrokenResourceError()
    with capture_logs() as logged:
        await _after_its_beginning(ExceptionGroup("tasks", [gone]))
    assert logged == []
    with capture_logs() as logged, pytest.raises(ExceptionGroup):
        await _after_its_beginning(ExceptionGroup("tasks", [gone, ValueError()]))
    assert [line["event"] for line in logged] == ["request_failed"]
