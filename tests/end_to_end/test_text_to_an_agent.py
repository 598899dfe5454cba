"""A caller writes to a server of its own and an agent answers; the server is killed between."""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.end_to_end.test_desk import PASSWORD, add_user
from tests.peers.server import ServerProcess
from tests.peers.shop import agents, shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

FLOW = """\
start: ask
steps:
  ask: {say: One moment., next: person}
  person: {transfer: "queue:support", on_failure: nobody, next: after}
  nobody: {say: Nobody is there., hangup: auto}
  after: {say: "Thank you for {transfer.to}.", hangup: auto}
"""
QUEUES = "queues:\n  support:\n    returns: [writing]\n"


@dataclass
class Desk:
    """An agent's page: the last state, and every line that it was told of."""

    line: ClientConnection
    state: dict[str, Any] = field(default_factory=dict)
    lines: list[tuple[str, str]] = field(default_factory=list)
    number: int = 0

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(30):
            message: dict[str, Any] = json.loads(await self.line.recv())
        if message["type"] == "state":
            self.state = message
        if message["type"] == "lines":
            self.lines += [(line["who"], line["text"]) for line in message["lines"]]
        return message

    async def order(self, what: str, **more: Any) -> Any:
        self.number += 1
        await self.line.send(json.dumps({"id": self.number, "do": what, **more}))
        while (answer := await self.hear()).get("id") != self.number:
            pass
        assert answer["type"] == "done", answer
        return answer["data"]

    async def take(self) -> str:
        """Take the conversation that rings; gives its contact."""
        while not self.state.get("ringing"):
            await self.hear()
        contact = str(self.state["ringing"][0]["contact"])
        assert self.state["ringing"][0]["channel"] == "text"
        await self.order("accept", contact=contact)
        while not self.lines:
            await self.hear()
        return contact


async def desk(server: ServerProcess) -> AbstractAsyncContextManager[ClientConnection]:
    async with httpx.AsyncClient(base_url=server.http, trust_env=False, timeout=30) as http:
        http.headers["Origin"] = server.http
        answer = await http.post("/api/sign-in", json={"name": "anna", "password": PASSWORD})
        assert answer.status_code < 300, answer.text
        cookies = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
    headers = {"Origin": server.http, "Cookie": cookies}
    url = server.http.replace("http", "ws", 1) + "/api/desk/socket"
    return connect(url, additional_headers=headers, proxy=None)


async def test_an_agent_answers_and_nothing_is_lost_when_the_server_dies(tmp_path: Path) -> None:
    data = tmp_path / "data"
    await add_user(data, "anna")
    settings = {
        "SERVER__APPLICATION": str(shop(tmp_path / "shop", FLOW, QUEUES)),
        "CONFIG": agents(tmp_path, {"anna": ""}),
    }
    async with httpx.AsyncClient(trust_env=False, timeout=30) as caller:
        first = ServerProcess(data, settings)
        async with first:
            caller.headers["Origin"] = first.http
            begun = await caller.post(f"{first.http}/api/chat/begin", json={})
            talk = begun.json()["conversation"]
            async with await desk(first) as line:
                anna = Desk(line)
                await anna.order("ready")
                contact = await anna.take()
                await anna.order("say", contact=contact, text="Hello, Anna here.", key="k1")
                said = {"id": "m1", "text": "My lamp is dark"}
                url = f"{first.http}/api/chat/{talk}/messages"
                assert (await caller.post(url, json=said)).status_code == 200
                await first.kill()
        async with ServerProcess(data, settings) as second:
            caller.headers["Origin"] = second.http
            async with await desk(second) as line:
                anna = Desk(line)
                await anna.order("ready")
                assert await anna.take() == contact
                while len(anna.lines) < 3:
                    await anna.hear()
                assert anna.lines[:3] == [
                    ("bot", "One moment."),
                    ("agent", "Hello, Anna here."),
                    ("caller", "My lamp is dark"),
                ]
                await anna.order("send_on", contact=contact, kind="flow", to="writing")
            view = (await caller.get(f"{second.http}/api/chat/{talk}/lines")).json()
            assert (view["over"], view["lines"][-1]["text"]) == (True, "Thank you for writing.")
