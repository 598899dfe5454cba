"""The media-stream door: 20 ms of mu-law in a JSON message over a WebSocket, both ways, with the
HTTP server that carries it."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import FastAPI

from benchmarks.doors.bursts import Bursts
from tests.peers.mediastream import Carrier
from voicebot.media.clock import Ticker
from voicebot.telephony._api import Reception
from voicebot.telephony.mediastream import MediaStreamDoor
from voicebot.types import Json
from voicebot.web.api import mediastream
from voicebot.web.server import HttpServer

GOAL: Final = 0.8
_PUBLIC: Final = "https://bot.example.com"
_TOKEN: Final = "secret"


class ServedDoor(MediaStreamDoor):
    """The door with an HTTP server of its own."""

    async def start(self) -> None:
        app = FastAPI()
        carrier = mediastream.Carrier(_PUBLIC, _TOKEN)
        app.include_router(mediastream.mediastream_router(self, carrier))
        self.http = HttpServer(app, "127.0.0.1", 0)
        await self.http.start()

    async def stop(self) -> None:
        await super().stop()
        await self.http.stop()


async def open_door(reception: Reception) -> tuple[ServedDoor, dict[str, Json]]:
    door = ServedDoor(reception=reception)
    await door.start()
    return door, {"http": door.http.url}


async def speak(address: dict[str, str], bursts: Bursts, seconds: float) -> None:
    call = Carrier(address["http"], _PUBLIC, _TOKEN).call()
    call.keep = False
    async with call:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        async for _ in Ticker():
            await call.send_audio(bursts.next_frame(loop.time()))
            if loop.time() > end:
                return
