"""``/api/queues`` and ``/api/agents``: what they show, and who may change it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.sessions.agents_at_work import Telephones, TurnedClock, settle
from tests.web.asking import asking
from voicebot.acd.model import AgentId, AgentProfile, Contact, ContactId, QueueRules
from voicebot.figures.queues import queue_figures
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.queueing import QueueService
from voicebot.web.api.queues import QueueDesk, queues_router


@pytest.fixture
def service() -> QueueService:
    clock = TurnedClock()
    rules = [QueueRules("support", wrap_up_s=None)]
    return QueueService(rules, Telephones(), clock=clock, call_later=clock.call_later)


@pytest.fixture
async def client(service: QueueService) -> AsyncIterator[httpx.AsyncClient]:
    anna = AgentId("anna")
    profiles = {anna: AgentProfile(anna, ("support",))}
    async with asking(queues_router(QueueDesk(service, profiles))) as made:
        yield made
    await service.stop()


async def act(client: httpx.AsyncClient, **change: str) -> httpx.Response:
    return await client.post("/api/agents/anna", json=change)


async def test_queues_and_agents_are_shown(
    client: httpx.AsyncClient, service: QueueService
) -> None:
    service.enter(Contact(ContactId("caller"), "support"), Briefing(caller="1001"))
    (queue,) = (await client.get("/api/queues")).json()
    assert (queue["name"], queue["waiting"], queue["agents"], queue["open"]) == (
        "support", 1, 0, True
    )  # fmt: skip
    (agent,) = (await client.get("/api/agents")).json()
    assert (agent["name"], agent["state"]) == ("anna", "signed_out")
    figures = {
        figure.name: figure.value for figure in queue_figures(service) if "why" not in figure.labels
    }
    assert figures["voicebot_queue_waiting"] == 1


async def test_an_agent_signs_in_pauses_and_goes(client: httpx.AsyncClient) -> None:
    assert (await act(client, action="sign_in")).json()["state"] == "available"
    paused = (await act(client, action="pause", reason="lunch")).json()
    assert (paused["state"], paused["reason"]) == ("paused", "lunch")
    assert (await act(client, action="resume")).json()["state"] == "available"
    assert (await act(client, action="sign_out")).json()["state"] == "signed_out"


async def test_who_signs_in_gets_the_caller_who_waits(
    client: httpx.AsyncClient, service: QueueService
) -> None:
    service.enter(Contact(ContactId("caller"), "support"), Briefing())
    assert (await act(client, action="sign_in")).json()["contacts"] == ["caller"]
    await settle()


async def test_what_cannot_be_is_a_conflict(client: httpx.AsyncClient) -> None:
    answer = await act(client, action="resume")
    assert (answer.status_code, answer.json()["detail"]) == (
        409, "Resume: agent anna is not signed in"
    )  # fmt: skip


async def test_an_agent_whom_nobody_knows_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/agents/eve", json={"action": "sign_in"})
    assert answer.status_code == 404
