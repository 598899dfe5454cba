"""The page of a caller who writes and wants a person: their place, the agent, and leaving."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from tests.sessions.text_centre import Centre, until
from tests.web.chat_server import ChatServer, chat_server
from tests.web.test_chat_api import receive, socket, write


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    return Centre(tmp_path)


@pytest.fixture
async def server(centre: Centre) -> AsyncIterator[ChatServer]:
    async with chat_server(centre.shop) as running:
        running.chats.line.agents.talking = centre.talks.append
        yield running
    await centre.service.stop()


async def waiting(server: ChatServer) -> str:
    answer = await server.http.post("/api/chat/begin", json={})
    talk = str(answer.json()["conversation"])
    assert (await write(server, talk, "m1", "opening hours")).status_code == 200
    return talk


async def view_with(page: ClientConnection, **wanted: Any) -> dict[str, Any]:
    """The first view with these values."""
    while True:
        message = await receive(page)
        if all(message.get(key) == value for key, value in wanted.items()):
            return message


async def test_a_page_sees_the_place_the_agent_and_their_lines(
    server: ChatServer, centre: Centre
) -> None:
    talk = await waiting(server)
    async with socket(server, talk) as page:
        await page.send(json.dumps({"type": "hello", "after": 0}))
        view = await view_with(page, type="view")
        assert view["waiting"] == {"position": 1, "wait_s": None, "queue": "support"}
        assert (view["agent"], view["agent_typing"]) == (None, False)
        centre.sign_in("anna")
        with_anna = await centre.accept()
        await view_with(page, waiting=None, agent={"name": "anna"})
        await page.send(json.dumps({"type": "typing", "on": True}))
        await until(lambda: with_anna.caller_writes)
        with_anna.write(True)
        await view_with(page, agent_typing=True)
        await with_anna.say("Hello.", "k1")
        (line,) = (await view_with(page, agent_typing=False, cursor=3))["lines"]
        assert (line["who"], line["name"], line["text"], line["id"]) == (
            "agent", "anna", "Hello.", ""
        )  # fmt: skip
        await page.send(json.dumps({"type": "leave_line"}))
        refused = await view_with(page, type="refused")
        assert (refused["id"], refused["code"]) == ("", "line")


async def test_a_page_without_a_socket_tells_that_its_caller_types(
    server: ChatServer, centre: Centre
) -> None:
    talk = await waiting(server)
    centre.sign_in("anna")
    with_anna = await centre.accept()

    async def types(body: object) -> tuple[int, bool]:
        answer = await server.http.post(f"/api/chat/{talk}/typing", json=body)
        return answer.status_code, bool(with_anna.caller_writes)

    assert await types({"on": True}) == (204, True)
    assert await types({"on": False}) == (204, False)
    assert await types({"on": "perhaps"}) == (422, False)
    assert await types({"on": True}) == (204, True)
    await write(server, talk, "m2", "are you there")
    assert not with_anna.caller_writes, "it has come"
    assert [(await types({"on": True}))[0] for _ in range(80)][-1] == 429
    server.http.cookies.clear()
    assert (await types({"on": True}))[0] == 401


async def test_leaving_the_line_goes_on_in_the_flow(server: ChatServer) -> None:
    talk = await waiting(server)
    assert (await server.http.post(f"/api/chat/{talk}/leave_line")).status_code == 204
    view = (await server.http.get(f"/api/chat/{talk}/lines")).json()
    assert (view["waiting"], view["lines"][-2]["text"]) == (None, "Nobody came.")
    again = await server.http.post(f"/api/chat/{talk}/leave_line")
    assert (again.status_code, again.json()["code"]) == (409, "line")
    del server.http.headers["Origin"]
    server.http.cookies.clear()
    stranger = await server.http.post(f"/api/chat/{talk}/leave_line")
    assert stranger.status_code == 401
