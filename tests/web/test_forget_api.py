"""Forgetting a caller over HTTP: shown first, deleted when sure, and in the audit log."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from tests.web.conftest import House
from voicebot.errors import UsageError
from voicebot.forgetting import note_forgotten
from voicebot.sessions.traces import Forgotten, Traces
from voicebot.staff.model import Actor, Deed
from voicebot.staff.roles import SCOPES_OF, Role, Scope
from voicebot.web.api.forget import forget_router

NUMBER = "+15550104477"


class Fake:
    """A `Forgetting` that remembers what it was told to do."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    async def trace(self, number: str) -> Traces:
        if number == "nobody":
            raise UsageError("'nobody' is no telephone number")
        return Traces(calls=3)

    async def forget(self, number: str) -> Forgotten:
        self.forgotten.append(number)
        return Forgotten(Traces(calls=3), "shop.csv")


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def app(house: House, fake: Fake) -> FastAPI:
    async def note(actor: Actor, traces: Traces) -> None:
        await note_forgotten(house.office.log, actor, traces, house.office.clock)

    return house.app(forget_router(fake, note))


async def test_it_is_shown_first(client: httpx.AsyncClient, fake: Fake, house: House) -> None:
    shown = await client.post("/api/forget", json={"number": NUMBER})
    assert (shown.status_code, shown.json()["deleted"], shown.json()["calls"]) == (200, False, 3)
    assert not fake.forgotten
    assert not house.office.log.lines


async def test_it_is_deleted_when_sure_and_noted_without_the_number(
    client: httpx.AsyncClient, fake: Fake, house: House
) -> None:
    done = await client.post("/api/forget", json={"number": NUMBER, "sure": True})
    assert (done.json()["deleted"], done.json()["left"]) == (True, "shop.csv")
    assert fake.forgotten == [NUMBER]
    (entry,) = house.office.log.lines
    assert entry.deed is Deed.CALLER_FORGOTTEN
    assert "calls 3" in entry.what
    assert NUMBER not in entry.what


async def test_what_is_no_number_is_refused(client: httpx.AsyncClient) -> None:
    refused = await client.post("/api/forget", json={"number": "nobody"})
    assert refused.status_code == 422
    assert "no telephone number" in refused.text


def test_only_administrators_may() -> None:
    allowed = [role for role in Role if Scope.RECORDS_DELETE in SCOPES_OF[role]]
    assert allowed == [Role.ADMIN]
