"""`/api/webrtc` and `/call`: who may ask, how often, and what is told to those who may not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.web.conftest import House
from voicebot.errors import CallRefused
from voicebot.types import CallId
from voicebot.web.api.webrtc import LARGEST_BODY, PagePolicy, webrtc_router
from voicebot.web.application import create_app
from voicebot.web.caller_page import caller_page_router
from voicebot.web.rate_limit import RateLimit

HERE = {"Origin": "http://voicebot"}


@dataclass
class FakeDoor:
    refusal: CallRefused | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def issue_token(self) -> tuple[str, float]:
        self._refuse()
        return "t0k3n", 60.0

    def is_known(self, token: str) -> bool:
        return token == "staff"

    def browser_ice_servers(self) -> list[dict[str, str]]:
        return [{"urls": "stun:stun.example"}]

    async def offer(self, token: str, sdp: str, origin: str) -> tuple[CallId, str]:
        self._refuse()
        self.asked.append((token, sdp, origin))
        return CallId("c1"), "v=0 answer"

    async def restart(self, token: str, sdp: str) -> str:
        self._refuse()
        self.asked.append((token, sdp))
        return "v=0 again"

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise self.refusal


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def door() -> FakeDoor:
    return FakeDoor()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def page_app(house: House, door: FakeDoor, clock: Clock) -> FastAPI:
    policy = PagePolicy(("https://shop.example",), per_minute=5)
    return create_app(
        archive=house.archive,
        feed=house.feed,
        readiness=lambda: house.checks,
        metric_sources=[],
        version="1",
        staff=house.staff,
        routers=[webrtc_router(door, policy, clock), caller_page_router()],
    )


@pytest.fixture
async def page(page_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(page_app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://voicebot", headers=HERE
    ) as client:
        yield client


async def post(page: httpx.AsyncClient, what: str, **more: Any) -> httpx.Response:
    body = {"token": "t0k3n", "sdp": "v=0"}
    return await page.post(f"/api/webrtc/{what}", **({"json": body} | more))


async def test_a_page_gets_a_token_and_the_servers(page: httpx.AsyncClient) -> None:
    answer = await post(page, "token")
    assert answer.json() == {
        "token": "t0k3n",
        "expires_in_s": 60.0,
        "ice_servers": [{"urls": "stun:stun.example"}],
    }


async def test_an_offer_is_answered(page: httpx.AsyncClient, door: FakeDoor) -> None:
    answer = await post(page, "offer")
    assert answer.json() == {"call": "c1", "sdp": "v=0 answer"}
    assert door.asked == [("t0k3n", "v=0", "http://voicebot")]


async def test_a_new_connection_is_answered(page: httpx.AsyncClient) -> None:
    assert (await post(page, "restart")).json()["sdp"] == "v=0 again"


@pytest.mark.parametrize("what", ["token", "offer", "restart"])
@pytest.mark.parametrize(
    "origin",
    [None, "", "null", "http://evil.example", "http://voicebot.evil.example", "http://voicebot:81",
     "ftp://voicebot", "http://evil.example@voicebot", "https://shop.example.evil.example"],
)  # fmt: skip
async def test_another_origin_is_refused(
    page: httpx.AsyncClient, door: FakeDoor, what: str, origin: str | None
) -> None:
    if origin is None:
        del page.headers["origin"]
    else:
        page.headers["origin"] = origin
    answer = await post(page, what)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin")
    assert door.asked == []


@pytest.mark.parametrize("origin", ["https://voicebot", "https://shop.example"])
async def test_our_own_origin_and_those_of_the_settings_are_let_in(
    page: httpx.AsyncClient, origin: str
) -> None:
    assert (await post(page, "offer", headers={"Origin": origin})).status_code == 200


async def test_an_address_that_asks_too_often_has_to_wait(
    page: httpx.AsyncClient, clock: Clock
) -> None:
    answers = [(await post(page, "token")).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    refused = await post(page, "token")
    assert refused.json()["code"] == "rate"
    assert refused.headers["retry-after"] == "12"
    clock.now += 12
    assert (await post(page, "token")).status_code == 200
    assert (await post(page, "token")).status_code == 429


async def test_staff_who_share_an_address_are_not_counted_by_it(page: httpx.AsyncClient) -> None:
    offers = [
        await page.post("/api/webrtc/offer", json={"token": token, "sdp": "v=0"})
        for token in (*["t0k3n"] * 6, *["staff"] * 6)
    ]
    assert [offer.status_code for offer in offers] == [200] * 5 + [429] + [200] * 6


@pytest.mark.parametrize(
    "refusal, status, retry_after",
    [
        (CallRefused("token", "used up"), 401, None),
        (CallRefused("gone", "no such call"), 404, None),
        (CallRefused("offer", "no Opus"), 422, None),
        (CallRefused("busy", "all lines are in use", 10), 503, "10"),
        (CallRefused("unavailable", "draining"), 503, None),
    ],
)
async def test_what_the_door_refuses_is_told(
    page: httpx.AsyncClient,
    door: FakeDoor,
    refusal: CallRefused,
    status: int,
    retry_after: str | None,
) -> None:
    door.refusal = refusal
    answer = await post(page, "offer")
    assert answer.status_code == status
    assert answer.json() == {"detail": refusal.reason, "code": refusal.code}
    assert answer.headers.get("retry-after") == retry_after


async def test_a_large_body_is_not_read(page: httpx.AsyncClient, door: FakeDoor) -> None:
    answer = await post(page, "offer", json={"token": "t", "sdp": "x" * (LARGEST_BODY + 1)})
    assert (answer.status_code, answer.json()["code"]) == (413, "size")
    assert door.asked == []


@pytest.mark.parametrize(
    "body, said",
    [
        (b"", "the body: Invalid JSON"),
        (b"\xff\xfe", "the body: Invalid JSON"),
        (b"[]", "the body: Input should be an object"),
        (b'{"token": "t"}', "sdp: Field required"),
        (b'{"token": 5, "sdp": ""}', "token: Input should be a valid string"),
        (b'{"token": "t", "sdp": "", "x": 1}', "x: Extra inputs are not permitted"),
        (b'{"token": "' + b"t" * 65 + b'", "sdp": ""}', "token: String should have at most 64"),
    ],
)
async def test_a_body_that_is_no_offer_is_told_what_is_wrong(
    page: httpx.AsyncClient, body: bytes, said: str
) -> None:
    answer = await post(page, "offer", json=None, content=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "offer"
    assert answer.json()["detail"].startswith(said)


async def test_the_page_comes_with_a_strict_policy(page: httpx.AsyncClient) -> None:
    answer = await page.get("/call/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in answer.text
    assert " style=" not in answer.text
    assert "onclick" not in answer.text


async def test_call_without_slash_leads_to_the_page(page: httpx.AsyncClient) -> None:
    answer = await page.get("/call", follow_redirects=True)
    assert (answer.status_code, str(answer.url)) == (200, "http://voicebot/call/")


@pytest.mark.parametrize("name", ["call.js", "line.js", "level.js", "words.js", "style.css"])
async def test_all_of_the_page_is_here(page: httpx.AsyncClient, name: str) -> None:
    answer = await page.get(f"/call/{name}")
    assert answer.status_code == 200
    again = await page.get(f"/call/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "..%2f..%2fserver.py", "__init__.py", "%00"])
async def test_nothing_else_is_given_out(page: httpx.AsyncClient, name: str) -> None:
    assert (await page.get(f"/call/{name}")).status_code == 404


def test_addresses_are_limited_one_by_one() -> None:
    limit = RateLimit(per_minute=1)
    assert limit.wait_s("192.0.2.1", 0.0) == 0
    assert limit.wait_s("192.0.2.1", 0.0) == pytest.approx(60)
    assert limit.wait_s("192.0.2.2", 0.0) == 0


def test_an_ipv6_household_is_one_address() -> None:
    limit = RateLimit(per_minute=1)
    assert limit.wait_s("2001:db8::1", 0.0) == 0
    assert limit.wait_s("2001:db8::ffff:2", 0.0) > 0
    assert limit.wait_s("2001:db8:0:1::1", 0.0) == 0


def test_addresses_are_remembered_up_to_a_bound() -> None:
    limit = RateLimit(per_minute=1, most=10)
    for n in range(100):
        limit.wait_s(f"192.0.2.{n}", 0.0)
    assert len(limit) == 10
    assert limit.wait_s("192.0.2.99", 0.0) > 0
