"""What providers and messengers post, what operators read: only with a signature or a token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from voicebot.errors import TextRefused, TextUnavailable
from voicebot.events import DeflectionReached, DeflectionStage
from voicebot.sending.signature import sign, signed_headers
from voicebot.sessions.invitation import ConversationId, TextFrom, TextTo
from voicebot.texting.message import MessageState, TextMessage
from voicebot.texting.opt_out import Wish, wish_of
from voicebot.types import CallId
from voicebot.web.api.deflection import deflection_router
from voicebot.web.api.texting import (
    TextCarrier,
    TextingDesk,
    carrier_router,
    outbox_router,
    provider_router,
)
from voicebot.web.api.webhook import Webhook, webhook_router
from voicebot.web.carrier_signature import signature

SECRET = "0123456789abcdef0123456789abcdef"
US = "https://voice.example"
NOW = 1_000_000.0


@dataclass
class Records:
    """Everything behind the routers; ``problem`` is what taking a message raises."""

    reports: list[tuple[str, MessageState, str]] = field(default_factory=list)
    heard: list[tuple[str, str]] = field(default_factory=list)
    taken: list[TextFrom] = field(default_factory=list)
    sent: list[TextTo] = field(default_factory=list)
    problem: Exception | None = None

    async def report(self, message_id: str, state: MessageState, problem: str) -> bool:
        self.reports.append((message_id, state, problem))
        return message_id == "m1"

    async def hear(self, number: str, text: str) -> Wish | None:
        self.heard.append((number, text))
        return wish_of(text)

    async def latest(self, limit: int) -> Sequence[TextMessage]:
        return [TextMessage("m1", "sms", "+15550100", "Go on: link", 0.0, 900.0)][:limit]

    async def take(self, message: TextFrom) -> Sequence[TextTo]:
        if self.problem is not None:
            raise self.problem
        self.taken.append(message)
        return [TextTo(message.channel, message.sender, ConversationId("c"), 2, "Hello.")]

    async def send(self, line: TextTo) -> None:
        self.sent.append(line)

    async def stages(self, since: float, until: float) -> Sequence[DeflectionReached]:
        return [DeflectionReached(CallId("a"), since, DeflectionStage.OFFERED, "label")]

    @property
    def desk(self) -> TextingDesk:
        return TextingDesk(self.report, self.hear, self.latest, "1", lambda: NOW)


@pytest.fixture
def records() -> Records:
    return Records()


@asynccontextmanager
async def client_of(router: APIRouter) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(router)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://testserver"
    ) as client:
        yield client


# Twilio


def twilio(records: Records) -> APIRouter:
    states = {"delivered": MessageState.DELIVERED, "undelivered": MessageState.FAILED}
    return carrier_router(records.desk, TextCarrier(US, "token", states))


async def post_form(
    client: httpx.AsyncClient, path: str, fields: dict[str, str], token: str = "token"
) -> httpx.Response:
    signed = signature(US + path, fields.items(), token)
    return await client.post(
        path,
        content=urlencode(fields),
        headers={
            "X-Twilio-Signature": signed,
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )


async def test_a_signed_status_is_taken(records: Records) -> None:
    path = "/api/texting/twilio/status?id=m1"
    failed = {"MessageStatus": "undelivered", "ErrorCode": "30003"}
    async with client_of(twilio(records)) as client:
        assert (await post_form(client, path, failed)).status_code == 204
        assert (await post_form(client, path, failed, "wrong")).status_code == 403
        assert (await post_form(client, path, {"MessageStatus": "lost"})).status_code == 422
        other = path.replace("m1", "m2")
        gone = await post_form(client, other, {"MessageStatus": "delivered"})
        assert gone.status_code == 404
    problem = "the provider says error 30003"
    assert records.reports[0] == ("m1", MessageState.FAILED, problem)
    assert len(records.reports) == 2


async def test_an_answer_by_sms_is_heard(records: Records) -> None:
    path = "/api/texting/twilio/inbound"
    async with client_of(twilio(records)) as client:
        answer = await post_form(client, path, {"From": "+15550100", "Body": "STOP"})
        assert (answer.status_code, "<Response" in answer.text) == (200, True)
        assert (await post_form(client, path, {"From": "x", "Body": "a"})).status_code == 422
        forged = await post_form(client, path, {"From": "+15550100", "Body": "STOP"}, "wrong")
        assert forged.status_code == 403
    assert records.heard == [("+15550100", "STOP")]


# Any other provider, and messengers


async def post_json(
    client: httpx.AsyncClient, path: str, body: object, at: float = NOW, secret: str = SECRET
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post(path, content=content, headers=signed_headers(content, at, secret))


async def test_any_provider_reports_by_signed_json(records: Records) -> None:
    async with client_of(provider_router(records.desk, SECRET)) as client:
        path = "/api/texting/status"
        told = {"id": "m1", "status": "delivered"}
        assert (await post_json(client, path, told)).status_code == 204
        assert (await post_json(client, path, told, secret="x" * 32)).status_code == 403
        assert (await post_json(client, path, told, at=NOW - 301)).status_code == 403
        assert (await client.post(path, json=told)).status_code == 403
        wrong = await post_json(client, path, {"id": "m1", "status": "queued"})
        assert (wrong.status_code, "status" in wrong.json()["detail"]) == (422, True)
        stop = {"sender": "5550100123", "text": "stop"}
        assert (await post_json(client, "/api/texting/inbound", stop)).status_code == 204
    assert records.reports == [("m1", MessageState.DELIVERED, "")]
    assert records.heard == [("+15550100123", "stop")]


def webhook(records: Records) -> APIRouter:
    return webhook_router(Webhook("chat", SECRET, records, records.send, lambda: NOW))


MESSAGES = "/api/webhook/messages"
HELLO = {"id": "7", "sender": "anna", "text": "hello"}


async def test_a_message_from_a_messenger_reaches_the_conversation(records: Records) -> None:
    async with client_of(webhook(records)) as client:
        answer = await post_json(client, MESSAGES, HELLO)
    assert (answer.status_code, answer.json()) == (202, {"lines": 1})
    assert records.taken == [TextFrom("chat", "anna", "7", "hello")]
    assert [line.text for line in records.sent] == ["Hello."]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"id": "1", "sender": "a"}',
        b'{"id": "1", "sender": "a", "text": ""}',
        b'{"id": 1, "sender": "a", "text": "x"}',
        json.dumps({"id": "1", "sender": "a", "text": "x" * 4001}).encode(),
        b"\xff",
    ],
)
async def test_what_is_no_message_is_refused(records: Records, body: bytes) -> None:
    async with client_of(webhook(records)) as client:
        answer = await post_json(client, MESSAGES, body)
    assert answer.status_code == 422
    assert not records.taken


async def test_a_message_that_is_far_too_long_is_refused_unread(records: Records) -> None:
    async with client_of(webhook(records)) as client:
        answer = await post_json(client, MESSAGES, b"x" * 1_000_000)
    assert answer.status_code == 413


async def test_a_message_that_nobody_signed_is_refused(records: Records) -> None:
    async with client_of(webhook(records)) as client:
        assert (await client.post(MESSAGES, json=HELLO)).status_code == 403
        body = json.dumps(HELLO).encode()
        replayed = {
            "X-Voicebot-Timestamp": str(int(NOW)),
            "X-Voicebot-Signature": sign(body, int(NOW) - 1, SECRET),
        }
        assert (await client.post(MESSAGES, content=body, headers=replayed)).status_code == 403
        old = await post_json(client, MESSAGES, HELLO, at=NOW - 301)
        assert old.status_code == 403
    assert not records.taken


@pytest.mark.parametrize(
    ("problem", "status", "wait"),
    [
        (TextRefused("full", "too many messages", 30), 429, "30"),
        (TextRefused("long", "too long"), 422, None),
        (TextUnavailable("the records are away"), 503, "10"),
    ],
)
async def test_what_cannot_be_taken_is_told(
    records: Records, problem: Exception, status: int, wait: str | None
) -> None:
    records.problem = problem
    async with client_of(webhook(records)) as client:
        answer = await post_json(client, MESSAGES, HELLO)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, wait)


# What operators read


async def test_the_outbox_shows_messages(records: Records) -> None:
    async with client_of(outbox_router(records.desk)) as client:
        opened = await client.get("/api/outbox")
    [message] = opened.json()["messages"]
    assert (message["recipient"], message["text"]) == ("+15550100", "Go on: link")
    assert (message["state"], message["created_at"]) == ("queued", "1970-01-01T00:00:00Z")


async def test_deflection_is_told_by_intent_and_hour(records: Records) -> None:
    async with client_of(deflection_router(records, lambda: NOW)) as client:
        answer = await client.get("/api/deflection")
        report = answer.json()
        assert report["by_intent"]["label"]["offered"] == 1
        assert report["whole"]["deflection_rate"] == 0
        assert report["whole"]["completion_rate"] is None
        assert [each["funnel"]["offered"] for each in report["by_hour"]] == [1]
        for query in ("since=2026-01-02&until=2026-01-01", "since=2020-01-01&until=2026-01-01"):
            assert (await client.get(f"/api/deflection?{query}")).status_code == 422
