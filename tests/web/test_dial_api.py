"""Calls out over HTTP: only with the token, only known flows, and what came of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from tests.web.asking import asking
from voicebot.errors import DialRefused
from voicebot.sessions.outbound import DialOrder, DialReport
from voicebot.types import CallId, Language
from voicebot.web.api.dial import DialDesk, dial_router


@dataclass
class Desk:
    """Takes every order, or refuses each."""

    orders: list[DialOrder] = field(default_factory=list)
    refusal: DialRefused | None = None

    def order(self, order: DialOrder) -> DialReport:
        if self.refusal is not None:
            raise self.refusal
        self.orders.append(order)
        return DialReport(CallId("c1"))

    def report(self, call_id: CallId) -> DialReport | None:
        return DialReport(call_id, "busy", "", 486) if call_id == "c1" else None


@pytest.fixture
def desk() -> Desk:
    return Desk()


@asynccontextmanager
async def client_of(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    router = dial_router(
        DialDesk(
            order=desk.order,
            report=desk.report,
            flows=lambda: ("main", "survey"),
            flow="main",
            language=lambda flow: Language("en-US"),
            timeout_s=30.0,
        )
    )
    async with asking(router) as client:
        yield client


async def test_a_call_is_ordered_and_followed(desk: Desk) -> None:
    body = {"target": "sip:bob@192.0.2.7", "flow": "survey", "headers": {"order": "17"}}
    async with client_of(desk) as client:
        answer = await client.post("/api/dial", json=body)
        assert (answer.status_code, answer.json()["state"]) == (202, "dialling")
        report = await client.get(f"/api/dial/{answer.json()['id']}")
    assert report.json() == {"id": "c1", "state": "busy", "answered_by": "", "status": 486}
    (order,) = desk.orders
    assert (order.target, order.flow, order.timeout_s) == ("sip:bob@192.0.2.7", "survey", 30.0)
    assert order.headers == {"order": "17"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"target": ""},
        {"target": "sip:b@h", "caller": "100\r\nX: y"},
        {"target": "sip:b@h", "timeout_s": 0},
        {"target": "sip:b@h", "flow": "nowhere"},
        {"target": "sip:b@h", "to": "x"},
    ],
)
async def test_a_bad_order_is_refused(desk: Desk, body: dict[str, object]) -> None:
    async with client_of(desk) as client:
        answer = await client.post("/api/dial", json=body)
    assert answer.status_code == 422
    assert desk.orders == []


async def test_an_unknown_flow_is_told_with_those_that_are_known(desk: Desk) -> None:
    async with client_of(desk) as client:
        answer = await client.post("/api/dial", json={"target": "sip:b@h", "flow": "x"})
    assert answer.json()["detail"] == "there is no flow 'x'; known here: main, survey"


async def test_without_a_line_it_is_try_again_later(desk: Desk) -> None:
    desk.refusal = DialRefused("no free line")
    async with client_of(desk) as client:
        answer = await client.post("/api/dial", json={"target": "sip:b@h"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


async def test_a_call_out_that_is_not_known_is_404(desk: Desk) -> None:
    async with client_of(desk) as client:
        assert (await client.get("/api/dial/c9")).status_code == 404
