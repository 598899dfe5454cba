"""What Asterisk's dialplan says and asks over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import pytest

from tests.web.asking import asking
from voicebot.errors import CallError
from voicebot.web.api.audiosocket import audiosocket_router

ID = "40325ec2-5efd-4bd3-805f-53576e581d13"
CALLS = "/api/audiosocket/calls"
BEARER = {"Authorization": "Bearer open sesame"}


@dataclass
class Desk:
    told: list[tuple[UUID, str, str, Mapping[str, str]]] = field(default_factory=list)
    states: dict[UUID, str] = field(default_factory=dict)
    full: bool = False

    def announce(self, uuid: UUID, caller: str, callee: str, headers: Mapping[str, str]) -> None:
        if self.full:
            raise CallError("too many calls are announced")
        self.told.append((uuid, caller, callee, headers))

    def state(self, uuid: UUID) -> str | None:
        return self.states.get(uuid)

    def take(self, uuid: UUID) -> str:
        return "sip:agents@pbx.example" if self.states.get(uuid) == "transfer" else ""

    def context(self, uuid: UUID, name: str) -> str:
        return "4271" if name == "order" else ""


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def dialplan(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(audiosocket_router(desk, "open sesame"), BEARER) as client:
        yield client


async def test_a_call_is_announced_with_a_form(dialplan: httpx.AsyncClient, desk: Desk) -> None:
    form = {"uuid": ID, "caller": "+1 555 0100", "callee": "shop", "header.order": "4271"}
    answer = await dialplan.post(CALLS, data=form)
    assert (answer.status_code, answer.text) == (201, "expected")
    assert desk.told == [(UUID(ID), "+1 555 0100", "shop", {"order": "4271"})]


async def test_a_form_needs_no_type(dialplan: httpx.AsyncClient, desk: Desk) -> None:
    answer = await dialplan.post(CALLS, content=f"uuid={ID}&caller=%2B15550100")
    assert answer.status_code == 201
    assert desk.told == [(UUID(ID), "+15550100", "", {})]


async def test_a_call_is_announced_with_json(dialplan: httpx.AsyncClient, desk: Desk) -> None:
    answer = await dialplan.post(CALLS, json={"uuid": ID, "callee": "shop"})
    assert answer.status_code == 201
    assert desk.told == [(UUID(ID), "", "shop", {})]


@pytest.mark.parametrize(
    "content, kind, status, said",
    [
        (b"caller=1001", "", 422, "uuid should be a UUID, such as"),
        (b"uuid=%ff", "", 400, "the body is not a form"),
        (b"uuid=\xff", "", 400, "the body is not a form"),
        (b"&".join([b"a=1"] * 300), "", 400, "the body is not a form"),
        (b"{", "application/json", 400, "the body is not valid JSON"),
        (b"[" * 20_000, "application/json", 400, "the body is not valid JSON"),
        (b"[1]", "application/json; charset=utf-8", 400, "the body should be a JSON object"),
        (b'{"uuid": 5}', "application/json", 422, "uuid should be text"),
        (b"x" * 40_000, "", 413, "the body is longer than 32768 octets"),
    ],
)
async def test_what_is_wrong_with_an_announcement_is_told(
    dialplan: httpx.AsyncClient, desk: Desk, content: bytes, kind: str, status: int, said: str
) -> None:
    answer = await dialplan.post(CALLS, content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(said)
    assert desk.told == []


async def test_a_full_book_is_told(dialplan: httpx.AsyncClient, desk: Desk) -> None:
    desk.full = True
    answer = await dialplan.post(CALLS, data={"uuid": ID})
    assert (answer.status_code, answer.json()) == (409, {"detail": "too many calls are announced"})


async def test_the_dialplan_learns_what_came_of_a_call(
    dialplan: httpx.AsyncClient, desk: Desk
) -> None:
    assert (await dialplan.get(f"{CALLS}/{ID}/state")).status_code == 404
    assert (await dialplan.get(f"{CALLS}/{ID}/target")).text == ""
    desk.states[UUID(ID)] = "transfer"
    assert (await dialplan.get(f"{CALLS}/{ID}/state")).text == "transfer"
    target = await dialplan.get(f"{CALLS}/{ID}/target")
    assert target.text == "sip:agents@pbx.example"
    assert target.headers["content-type"] == "text/plain; charset=utf-8"
    assert (await dialplan.get(f"{CALLS}/{ID}/context/order")).text == "4271"
    assert (await dialplan.get(f"{CALLS}/nonsense/target")).status_code == 422


@pytest.mark.parametrize(
    "shown", ["", "Bearer ", "Bearer wrong", "Bearer open sesame!", "Bearer \xfcberall"]
)
async def test_nobody_gets_in_with_another_token(
    dialplan: httpx.AsyncClient, desk: Desk, shown: str
) -> None:
    headers = [(b"Authorization", shown.encode("latin-1"))]
    for answer in (
        await dialplan.post(CALLS, data={"uuid": ID}, headers=headers),
        await dialplan.get(f"{CALLS}/{ID}/target", headers=headers),
    ):
        assert answer.status_code == 401
    assert desk.told == []


async def test_without_a_token_of_ours_nobody_gets_in(desk: Desk) -> None:
    async with asking(audiosocket_router(desk, "")) as client:
        answer = await client.get(f"{CALLS}/{ID}/state", headers={"Authorization": "Bearer "})
    assert answer.status_code == 403
    assert "VOICEBOT_AUDIOSOCKET__TOKEN" in answer.json()["detail"]
