"""A caller waits and nobody comes: the wall shows it, and a signed notice tells it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.peers.phone import dialled
from tests.peers.server import ServerProcess
from voicebot.sending.signature import fault_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.model]

SECRET = "0123456789abcdef0123456789abcdef"
FILES = {
    "flows/main.yaml": "start: a\nsteps:\n  a: {transfer: queue:support, on_failure: b}\n"
    "  b: {say: Nobody is there., hangup: auto}\n",
    "queues.yaml": "queues:\n  support: {announce: false}\n",
    "alerts.yaml": "alerts:\n  nobody there: {when: agents, below: 1, for_s: 0}\n",
}


class Receiver:
    """Takes notices, and looks at their signatures."""

    def __init__(self) -> None:
        self.notices: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        told, signature = headers["x-voicebot-timestamp"], headers["x-voicebot-signature"]
        assert fault_in(body, told, signature, time.time(), SECRET) == ""
        self.notices.put_nowait(json.loads(body))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/alerts"


async def wall_with(server: ServerProcess, alerts: int) -> dict[str, Any]:
    """The wall once a caller waits and so many alerts stand."""
    while True:
        wall: dict[str, Any] = await server.get("/api/wall")
        if wall["stages"]["queued"] == 1 and len(wall["alerts"]) == alerts:
            return wall
        await asyncio.sleep(0.1)


async def test_a_caller_whom_nobody_takes_is_shown_and_told_of(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / name).write_text(text)
    # Anna has no telephone: she is not there, or the first ring finds that out.
    (tmp_path / "voicebot.toml").write_text('[agents.anna]\nqueues = ["support"]\n')
    receiver = Receiver()
    async with receiver.listening() as url, asyncio.timeout(120):
        settings = {
            "SERVER__APPLICATION": str(tmp_path / "shop"),
            "CONFIG": str(tmp_path / "voicebot.toml"),
            "ALERTS__CHECK_S": "1",
            "ALERTS__GATHER_S": "0",
            "ALERTS__WEBHOOK_URL": url,
            "ALERTS__WEBHOOK_SECRET": SECRET,
        }
        async with (
            ServerProcess(tmp_path / "data", settings) as server,
            dialled(server, "waiting"),
        ):
            wall = await wall_with(server, alerts=1)
            notice = await receiver.notices.get()
            assert await server.metric('voicebot_alerts{state="told"}') == 1
    assert wall["alerts"][0]["said"] == "support: agents at work 0, limit 1"
    assert [each["name"] for each in wall["agents"]] == ["anna"]
    assert [each["name"] for each in notice["raised"]] == ["nobody there"]
