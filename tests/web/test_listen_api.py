"""Listening over HTTP: a right to call, orders, and each deed noted before it is done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI

from tests.desk.office import Joined, Office, join
from tests.sessions.agents_at_work import settle
from tests.web.conftest import House
from voicebot.desk.supervision import LAPSE_S, Supervision
from voicebot.errors import StorageError
from voicebot.events import CallEvent, TurnResult
from voicebot.sessions.account import CallAccount
from voicebot.sessions.earshot import Earshot
from voicebot.sessions.open_call import OpenCall
from voicebot.sessions.stepping_in import SendOn
from voicebot.staff.model import Actor, AuditEntry, Deed
from voicebot.staff.roles import SCOPES_OF, Role, Scope
from voicebot.telephony._api import LegInfo
from voicebot.types import CallId, Heard, Json, Mode
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


@dataclass
class Asking:
    """A flow that asks something."""

    step: str = "order"
    told: Mapping[str, Json] = field(default_factory=lambda: {"order": "17", "pin": None})


class Nowhere:
    def append(self, event: CallEvent) -> None: ...


@pytest.fixture
def bot() -> OpenCall:
    """A call that the bot holds."""
    info = LegInfo(CallId("bots"), "sip", "+15550100", "1000")
    account = CallAccount(info, Nowhere(), lambda event: None)
    account.said("Which order?")
    account.hearing("seven")
    account.heard(TurnResult.MATCH, Heard("seventeen", "17", 0.9, Mode.SPEECH), latency_ms=None)
    account.hearing("4111 1111 1111 1111")
    return OpenCall("main", 999_000.0, account, Asking(), Earshot(8000))


@pytest.fixture
def app(house: House, desks: Office, joined: Joined, bot: OpenCall) -> FastAPI:
    supervision = Supervision(
        desks.pages,
        lambda: desks.service,
        lambda: {} if bot.over else {bot.call_id: bot},
        desks.clock,
        desks.clock.call_later,
    )
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


async def begin(client: httpx.AsyncClient, desks: Office, call: str = "caller") -> str:
    """Listen, as the page does; gives the address of what was begun."""
    answer = await client.post("/api/listen", json={"call": call})
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
    told = (await client.get("/api/listen")).json()["conversations"][-1]
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


async def test_who_has_the_caller_ends_the_call_once_that_is_noted(
    client: httpx.AsyncClient, desks: Office, joined: Joined, house: House
) -> None:
    here = await begin(client, desks)
    refused = await client.post(f"{here}/end")
    assert (refused.status_code, "take the caller over" in refused.json()["detail"]) == (409, True)
    taken = await client.put(here, json={"standing": "talking"})
    assert taken.json()["conversation"]["supervisor"]
    assert (await client.post(f"{here}/end")).status_code == 202
    assert joined.caller.ended == "a supervisor ended the call"
    assert (await noted(house))[1:] == [
        (Deed.CALL_TAKEN_OVER, "caller"),
        (Deed.CALL_ENDED, "caller"),
    ]


async def test_a_call_of_the_bots_shows_its_words_and_facts(
    client: httpx.AsyncClient, desks: Office, bot: OpenCall
) -> None:
    told = (await client.get("/api/listen")).json()["conversations"][0]
    assert (told["call"], told["stage"], told["flow"], told["caller"]) == (
        "bots", "bot", "main", "+15550100"
    )  # fmt: skip
    here = (await client.get(await begin(client, desks, "bots"))).json()
    assert here["queues"] == ["support", "billing"]
    assert here["so_far"]["step"] == "order"
    assert here["so_far"]["hearing"], "the caller is saying something"
    assert "1111 1111" not in here["so_far"]["hearing"]
    assert here["so_far"]["facts"] == {"order": "17"}
    assert [(line["who"], line["text"]) for line in here["so_far"]["lines"]] == [
        ("bot", "Which order?"),
        ("caller", "seventeen"),
    ]


async def test_a_call_of_the_bots_is_taken_over_and_sent_on_once_that_is_noted(
    client: httpx.AsyncClient, desks: Office, house: House, bot: OpenCall
) -> None:
    here = await begin(client, desks, "bots")
    refused = await client.put(here, json={"standing": "whispering"})
    assert (refused.status_code, "bot" in refused.json()["detail"]) == (409, True)
    taking = await client.put(here, json={"standing": "talking"})
    assert taking.json()["standing"] == "stepping_in"
    nowhere = await client.post(f"{here}/queue", json={"queue": "nowhere"})
    assert (nowhere.status_code, nowhere.json()["detail"]) == (409, "there is no such queue")
    assert (await client.post(f"{here}/queue", json={"queue": "billing"})).status_code == 202
    assert bot.orders.take() == SendOn("billing")
    assert await noted(house) == [
        (Deed.CALL_LISTENED_TO, "bots"),
        (Deed.CALL_TAKEN_OVER, "bots"),
        (Deed.CALLER_SENT_ON, "bots"),
    ]
    bot.close()
    assert (await client.post(f"{here}/queue", json={"queue": "billing"})).status_code == 404


async def test_nobody_is_sent_on_where_it_cannot_be_noted(
    client: httpx.AsyncClient,
    desks: Office,
    house: House,
    bot: OpenCall,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fails(entry: AuditEntry) -> None:
        raise StorageError("the audit log", "the disk is full")

    here = await begin(client, desks, "bots")
    monkeypatch.setattr(house.office.log, "note", fails)
    assert (await client.post(f"{here}/queue", json={"queue": "billing"})).status_code == 503
    assert (await client.put(here, json={"standing": "talking"})).status_code == 503
    assert bot.orders.take() is None
    bot.close()


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


async def test_who_loses_the_right_hears_no_more(
    app: FastAPI, desks: Office, house: House, bot: OpenCall
) -> None:
    boss, password = Actor("boss"), "correct horse battery"
    register = house.office.register
    await register.add_user("sue", Role.SUPERVISOR, password, boss, 0, must_change=False)
    signed_in = await house.office.desk.sign_in("sue", password, "", house.office.now)
    assert signed_in is not None
    sues = {"cookie": f"voicebot={signed_in.secret}", "origin": "http://voicebot"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://voicebot", headers=sues
    ) as client:
        right = (await client.post("/api/listen", json={"call": "bots"})).json()
        page = await desks.pages.call(right["token"])
        assert (await client.get(f"/api/listen/{right['id']}")).status_code == 200
        await register.set_role("sue", Role.AGENT, boss, house.office.now)
        assert (await client.get(f"/api/listen/{right['id']}")).status_code == 403
        assert (await client.get("/api/listen")).status_code == 403
        await desks.clock.advance(LAPSE_S)
    assert page.ended
    bot.close()


def test_supervisors_and_administrators_may_listen() -> None:
    may = {role for role, scopes in SCOPES_OF.items() if Scope.CALLS_LISTEN in scopes}
    assert may == {Role.SUPERVISOR, Role.ADMIN}
