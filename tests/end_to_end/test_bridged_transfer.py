"""A caller put through to another SIP phone over a bridge, by a server of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.peers.answering_bot import AnsweringBot
from tests.peers.phone import dialled
from tests.peers.server import ServerProcess

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peer,
    pytest.mark.model,
]


async def test_a_caller_talks_to_the_agent_until_the_agent_leaves(tmp_path: Path) -> None:
    async with AnsweringBot(turns=1) as agent:
        settings = {"TRANSFERS__AGENTS": agent.target, "BRIDGE__TARGETS": "agents"}
        async with ServerProcess(tmp_path / "data", settings) as server:
            async with dialled(server, "bridged") as phone:
                await phone.call.speech(phone.since)
                await phone.press("0")
                async with asyncio.timeout(20):
                    while not await server.metric("voicebot_bridges_total"):
                        await asyncio.sleep(0.1)
                await asyncio.sleep(1)  # the agent's greeting
                # The agent answers what it hears with a tone, and hangs up.
                await phone.say("hello")
                assert await phone.ended() == "the other side hung up"
            call = await server.finished_call("bridged")
    assert (call["outcome"], call["reason"]) == ("transferred", "transferred to agents")
