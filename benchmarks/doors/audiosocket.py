"""The AudioSocket door over TCP, 20 ms of signed linear a message, as Asterisk sends it."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import Final

from benchmarks.doors.bursts import Bursts
from tests.peers.audiosocket import AsteriskLine
from voicebot.media.clock import Ticker
from voicebot.telephony._api import CallDoor, Reception
from voicebot.telephony.audiosocket import AudioSocketServer
from voicebot.types import Json

GOAL: Final = 0.8


async def open_door(reception: Reception) -> tuple[CallDoor, dict[str, Json]]:
    server = AudioSocketServer(
        host="127.0.0.1", port=0, reception=reception, allow=[ip_network("127.0.0.0/8")]
    )
    await server.start()
    return server, {"port": server.port}


async def speak(address: dict[str, int], bursts: Bursts, seconds: float) -> None:
    async with AsteriskLine(address["port"], keep=False) as line:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        async for _ in Ticker():
            line.send_audio(bursts.next_frame(loop.time()))
            if loop.time() > end:
                return
