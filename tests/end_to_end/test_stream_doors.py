"""The demo shop through Asterisk's AudioSocket and through a carrier's media stream.

Recorded callers speak into both doors at once; what came of it stands in `/api/calls`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
import pytest_asyncio

from tests.peers.audiosocket import AsteriskLine
from tests.peers.mediastream import Carrier
from tests.peers.server import ServerProcess
from tests.peers.talking import TalkingCaller
from voicebot.types import Samples

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peer,
    pytest.mark.model,
]

PUBLIC = "https://bot.example.com"
AGENTS = "sip:agents@pbx.example"
BEARER = {"Authorization": "Bearer open sesame"}
Script: TypeAlias = Callable[[TalkingCaller], Awaitable[None]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    settings = {
        "AUDIOSOCKET__TOKEN": "open sesame",
        "MEDIASTREAM__PUBLIC_URL": PUBLIC,
        "MEDIASTREAM__AUTH_TOKEN": "12345",
        "TRANSFERS__AGENTS": AGENTS,
    }
    async with ServerProcess(Path(tmp_path_factory.mktemp("shop")), settings) as running:
        yield running


async def through_asterisk(shop: ServerProcess, caller: str, script: Script) -> str:
    """A dialplan that announces its call, runs AudioSocket(), and fetches the target after it."""
    (listening,) = [line for line in shop.log if line["event"] == "audiosocket_listening"]
    line = AsteriskLine(listening["port"])
    calls = "/api/audiosocket/calls"
    async with httpx.AsyncClient(base_url=shop.http, headers=BEARER) as curl:
        fields = {"uuid": str(line.uuid), "caller": caller, "callee": "shop"}
        announced = await curl.post(calls, data=fields)
        assert announced.text == "expected"

        async def send(samples: Samples) -> None:
            line.send_audio(samples)

        async with line:
            await _talk(TalkingCaller(send, line.heard), script, line.ended(60))
        return (await curl.get(f"{calls}/{line.uuid}/target")).text


async def through_carrier(shop: ServerProcess, caller: str, script: Script) -> str:
    """A number whose webhook is voicebot's."""
    call = Carrier(shop.http, PUBLIC, "12345").call(caller, "+15550199")
    async with call:
        await _talk(TalkingCaller(call.send_audio, call.heard), script, call.ended(60))
        assert call.next is not None
        return call.next[0].text or "" if call.next.tag == "Dial" else ""


async def _talk(caller: TalkingCaller, script: Script, ended: Awaitable[object]) -> None:
    async def speak() -> None:
        with contextlib.suppress(Exception):  # the line is gone: that is the end
            await caller.run()

    speaking = asyncio.create_task(speak())
    await script(caller)
    await ended
    speaking.cancel()
    await asyncio.gather(speaking, return_exceptions=True)


async def _through_both(
    shop: ServerProcess, name: str, script: Script
) -> list[tuple[dict[str, Any], str]]:
    """Gives the record of each call, and whom the caller was to be connected with."""
    doors = {"audiosocket": through_asterisk, "mediastream": through_carrier}
    targets = await asyncio.gather(
        *(door(shop, f"{name}-{transport}", script) for transport, door in doors.items())
    )
    records = [await shop.finished_call(f"{name}-{transport}") for transport in doors]
    assert [record["transport"] for record in records] == list(doors)
    return list(zip(records, targets, strict=True))


async def spoken_number(caller: TalkingCaller) -> None:
    await caller.listen()
    await caller.say("4271")
    await caller.listen()
    await caller.say("goodbye")


async def test_a_spoken_order_number_gets_its_status_through_both_doors(
    shop: ServerProcess,
) -> None:
    for call, target in await _through_both(shop, "order", spoken_number):
        assert call["outcome"] == "self_served"
        assert call["turns"][0]["heard"]["semantics"]["number"] == "4271"
        assert "four two, seven one is on its way" in call["turns"][1]["prompt"]
        assert call["turns"][1]["latency_ms"] > 0
        assert target == ""


async def asks_for_a_person(caller: TalkingCaller) -> None:
    await caller.listen()
    await caller.say("operator")


async def test_a_person_is_reached_through_both_doors(shop: ServerProcess) -> None:
    for call, target in await _through_both(shop, "person", asks_for_a_person):
        assert call["outcome"] == "transferred"
        assert target.partition("?")[0] == AGENTS


async def test_both_doors_are_counted(shop: ServerProcess) -> None:
    await _through_both(shop, "counted", asks_for_a_person)
    for door in ("audiosocket", "mediastream"):
        assert await shop.metric(f'voicebot_stream_connections_total{{door="{door}"}}') >= 1
        assert await shop.metric(f'voicebot_stream_calls{{door="{door}"}}') == 0
        assert await shop.metric(f'voicebot_stream_malformed_total{{door="{door}"}}') == 0
