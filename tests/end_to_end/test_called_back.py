"""A caller asks a server of its own to be called back; two real telephones talk in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from tests.peers import baresip
from tests.peers.baresip import Baresip
from tests.peers.phone import dialled
from tests.peers.server import ServerProcess
from tests.peers.shop import agents, shop

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peer,
    pytest.mark.model,
    pytest.mark.skipif(baresip.PROGRAM is None, reason=baresip.MISSING),
]

FLOW = """\
start: book
steps:
  book: {{transfer: "queue:support", callback: "{caller}", on_failure: nobody, next: promised}}
  promised: {{say: We will call you., hangup: auto}}
  nobody: {{say: Nobody is there., hangup: auto}}
"""
AGENT_HZ, CALLER_HZ = 900, 600


def telephone(folder: Path, hertz: float, seconds: float) -> Baresip:
    """Answers at once, and speaks a tone for so long."""
    folder.mkdir()
    sound = (np.sin(np.arange(int(8000 * seconds)) * 2 * np.pi * hertz / 8000) * 9000).astype("i2")
    soundfile.write(folder / "said.wav", sound, 8000, subtype="PCM_16")
    return Baresip("", folder / "said.wav", folder, limit_s=90)


def strongest(phone: Baresip, hertz: float) -> float:
    """The share of one frequency in what the phone heard, in the second in which it is largest."""
    recording = phone.heard()
    assert recording is not None
    heard, _ = soundfile.read(recording, dtype="int16")
    wave = np.exp(-2j * np.pi * hertz * np.arange(8000) / 8000)
    found = 0.0
    for at in range(0, len(heard) - 8000, 4000):
        second = heard[at : at + 8000].astype(float)
        loudness = float(np.sqrt(np.mean(second**2)))
        found = max(found, float(np.sqrt(2) * abs(np.mean(second * wave))) / max(1.0, loudness))
    return found


async def until(server: ServerProcess, path: str, holds: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(60):
        while not holds(found := await server.get(path)):
            await asyncio.sleep(0.1)
    return found


async def order(server: ServerProcess, action: str) -> None:
    async with httpx.AsyncClient(headers=server.credentials) as client:
        done = await client.post(
            f"{server.http}/api/agents/anna", json={"action": action, "reason": "tea"}
        )
    assert done.is_success, done.text


async def test_who_asked_to_be_called_back_talks_to_the_agent(tmp_path: Path) -> None:
    async with (
        telephone(tmp_path / "agent", AGENT_HZ, 5) as agent,
        telephone(tmp_path / "caller", CALLER_HZ, 40) as caller,
    ):
        flow = FLOW.format(caller=caller.called_at)
        queues = "queues: {support: {wrap_up_s: 0, announce: false}}\n"
        settings = {
            "SERVER__APPLICATION": str(shop(tmp_path / "shop", flow, queues)),
            "CONFIG": agents(tmp_path, {"anna": f'address = "{agent.called_at}"'}),
        }
        async with ServerProcess(tmp_path / "data", settings) as server:
            await order(server, "pause")
            async with dialled(server, "5550100") as first:
                await first.ended(30)
            booked = await server.finished_call("5550100")
            assert booked["outcome"] == "callback_booked"
            await order(server, "resume")
            page = await until(
                server,
                "/api/calls?direction=outbound",
                lambda page: bool(page["calls"]) and page["calls"][0]["outcome"] is not None,
            )
            queue, *_ = await server.get("/api/queues")
            (anna,) = await server.get("/api/agents")
        (call,) = page["calls"]
        assert (call["outcome"], call["reason"]) == ("transferred", "called back")
        assert queue["waiting"] == 0
        assert (anna["state"], anna["contacts"]) == ("available", [])
        await caller.stop()
        await agent.stop()
    assert strongest(caller, AGENT_HZ) > 0.8
    assert strongest(agent, CALLER_HZ) > 0.8
