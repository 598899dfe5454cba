"""Listening over HTTP: a right to call, orders, and each deed noted before it is done."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.desk.office import Joined, Office, join
from tests.sessions.agents_at_work import settle
from tests.web.conftest import House
from voicebot.desk.supervision import Supervision
from voicebot.errors import StorageError
from voicebot.staff.model import AuditEntry, Deed
from voicebot.staff.roles import SCOPES_OF, Role, Scope
from voicebot.web.api.listen import listen_router
from voicebot.web.application import create_app


@pytest.fixture
async def desks() -> AsyncIterator[Office]:
    made = Office("anna")
    yield made
    await made.close()


@pytest.fixture
async def joined(desks: Office) -> AsyncIterator[Joined]:
    screen = desks.sit_down("anna")
    await desks.arrive()
    made = await join(desks, "anna", await desks.accept("anna", screen))
    yield made
    await made.end()


@pytest.fixture
def app(house: House, desks: Office, joined: Joined) -> FastAPI:
    supervision = Supervision(
        desks.pages, lambda: desks.service, desks.clock, desks.clock.call_later
    )  # fmt: skip
    supervision.talking(joined.talk)
    return create_app(
        archive=house.archive,
        feed=house.feed,
        readiness=dict,
        metric_sources=[],
        routers=[listen_router(supervision, house.office.log, house.office.clock)],
        version="1.2.3",
        staff=house.staff,
    )


async def begin(client: httpx.AsyncClient, desks: Office) -> str:
    """Listen, as the page does; gives the address of what was begun."""
    answer = await client.post("/api/listen", json={"call": "caller"})
    assert answer.status_code == 201
    await desks.pages.call(answer.json()["token"])
    await settle()
    return f"/api/listen/{answer.json()['id']}"


async def noted(house: House) -> list[tuple[Deed, str]]:
    entries = await house.office.log.entries(before=None, limit=10)
    return [(entry.deed, entry.what) for entry in reversed(entries)]


async def test_every_deed_is_noted_with_the_call(
    client: httpx.AsyncClient, desks: Office, house: House
) -> None:
    (told,) = (await client.get("/api/listen")).json()["conversations"]
    assert (told["call"], told["agent"], told["on_hold"]) == ("caller", "anna", False)
    here = await begin(client, desks)
    for standing in ("whispering", "whispering", "listening", "talking"):
        answer = await client.put(here, json={"standing": standing})
        assert (answer.status_code, answer.json()["standing"]) == (200, standing)
    assert await noted(house) == [
        (Deed.CALL_LISTENED_TO, "caller"),
        (Deed.AGENT_WHISPERED_TO, "caller"),
        (Deed.CALL_TAKEN_OVER, "caller"),
    ]


async def test_what_makes_no_sense_is_refused_in_words_and_not_noted(
    client: httpx.AsyncClient, house: House
) -> None:
    refused = await client.post("/api/listen", json={"call": "nobody"})
    assert (refused.status_code, "not go on" in refused.json()["detail"]) == (409, True)
    assert await noted(house) == []
    right = (await client.post("/api/listen", json={"call": "caller"})).json()
    early = await client.put(f"/api/listen/{right['id']}", json={"standing": "whispering"})
    assert (early.status_code, early.json()["detail"]) == (409, "your line is not up yet")
    assert (await client.get("/api/listen/0000")).status_code == 404
    assert (await client.put("/api/listen/0000", json={"standing": "talking"})).status_code == 404
    assert await noted(house) == [(Deed.CALL_LISTENED_TO, "caller")]


async def test_nobody_listens_where_it_cannot_be_noted(
    client: httpx.AsyncClient, desks: Office, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(entry: AuditEntry) -> None:
        raise StorageError("the audit log", "the disk is full")

    here = await begin(client, desks)
    monkeypatch.setattr(house.office.log, "note", fails)
    given = len(desks.pages.receptions)
    assert (await client.post("/api/listen", json={"call": "caller"})).status_code == 503
    assert len(desks.pages.receptions) == given
    assert (await client.put(here, json={"standing": "whispering"})).status_code == 503
    assert (await client.get(here)).json()["standing"] == "listening"


def test_supervisors_and_administrators_may_listen() -> None:
    may = {role for role, scopes in SCOPES_OF.items() if Scope.CALLS_LISTEN in scopes}
    assert may == {Role.SUPERVISOR, Role.ADMIN}
