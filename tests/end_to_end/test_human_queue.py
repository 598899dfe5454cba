"""A caller waits in a queue of a server of its own, and a real SIP telephone answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.peers import baresip
from tests.peers.baresip import Baresip
from tests.peers.phone import dialled
from tests.peers.server import ServerProcess
from tests.peers.shop import agents as agents_file
from tests.peers.shop import shop

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peer,
    pytest.mark.model,
    pytest.mark.skipif(baresip.PROGRAM is None, reason=baresip.MISSING),
]

FLOW = """\
start: to_agent
steps:
  to_agent:
    transfer: queue:support
    whisper: Order seventeen.
    on_failure: nobody
  nobody: {say: Nobody is there., hangup: auto}
"""
QUEUES = """\
queues:
  support:
    answer_within_s: 2
    wrap_up_s: manual
    announce: {first_s: 1, every_s: 30}
"""


def application(folder: Path) -> Path:
    return shop(folder, FLOW, QUEUES)


def agents(folder: Path, **addresses: str) -> str:
    """A settings file with agents at these telephones."""
    at = {name: f'address = "{address}"' for name, address in addresses.items()}
    return agents_file(folder, at)


def spoken(folder: Path, seconds: float) -> Path:
    """What the agent's telephone says; it hangs up behind it."""
    said = folder / "said.wav"
    sound = (np.sin(np.arange(int(8000 * seconds)) / 3) * 9000).astype(np.int16)
    soundfile.write(said, sound, 8000, subtype="PCM_16")
    return said


async def until(
    server: ServerProcess, path: str, holds: Callable[[Any], bool], timeout_s: float = 30
) -> Any:
    async with asyncio.timeout(timeout_s):
        while not holds(found := await server.get(path)):
            await asyncio.sleep(0.1)
    return found


async def test_the_second_agents_telephone_takes_the_caller_whom_the_first_let_ring(
    tmp_path: Path,
) -> None:
    # Bound, and silent: a telephone that nobody answers.
    loop = asyncio.get_running_loop()
    silent, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    deaf = silent.get_extra_info("sockname")[1]
    phone_folder = tmp_path / "phone"
    phone_folder.mkdir()
    try:
        async with Baresip("", spoken(tmp_path, 6), phone_folder, limit_s=60) as phone:
            settings = {
                "SERVER__APPLICATION": str(application(tmp_path / "shop")),
                "CONFIG": agents(tmp_path, anna=f"sip:anna@127.0.0.1:{deaf}", bert=phone.called_at),
            }
            async with ServerProcess(tmp_path / "data", settings) as server:
                async with dialled(server, "waiting") as caller:
                    talking = await until(
                        server, "/api/queues", lambda queues: queues[0]["answered"] == 1
                    )
                    assert talking[0]["free"] == 0
                    await caller.ended(40)
                call = await server.finished_call("waiting")
                anna, bert = await server.get("/api/agents")
                report = await server.get("/api/measures")
                assert await server.metric("voicebot_bridges_total") == 1
    finally:
        silent.close()
    assert (call["outcome"], call["reason"]) == ("transferred", "transferred to queue:support")
    assert (anna["state"], anna["reason"]) == ("away", "no answer")
    assert (bert["state"], bert["wrapping"]) == ("available", [call["id"]])
    told = {each["name"]: each["value"] for each in report["measures"]}
    assert told["service_level"] == 1.0
    assert told["asa_s"] >= 2, "the first agent let it ring so long"
    assert told["aht_s"] > 0


async def test_a_caller_who_leaves_hears_the_place_and_is_counted(tmp_path: Path) -> None:
    settings = {
        "SERVER__APPLICATION": str(application(tmp_path / "shop")),
        "CONFIG": agents(tmp_path, anna=""),
    }
    async with ServerProcess(tmp_path / "data", settings) as server:
        async with dialled(server, "leaving"):
            await until(server, "/api/queues", lambda queues: queues[0]["waiting"] == 1)
            # Her agent has no telephone, so that nobody comes; the place is told after a second.
            await until(
                server,
                "/api/calls?limit=1",
                lambda page: page["calls"][0]["outcome"] is None,
            )
            await asyncio.sleep(2)
        call = await server.finished_call("leaving")
        (queue,) = await server.get("/api/queues")
    assert call["outcome"] == "abandoned_in_queue"
    assert call["turns"][-1]["prompt"].startswith("You are next in line.")
    assert (queue["waiting"], queue["abandoned"]) == (0, 1)
