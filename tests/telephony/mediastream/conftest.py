"""A media-stream door behind a real HTTP server on loopback, and a carrier that calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from tests.peers.mediastream import Carrier
from tests.telephony.sip.conftest import Bot
from voicebot.telephony._api import Reception
from voicebot.telephony.mediastream import MediaStreamDoor
from voicebot.web.api import mediastream
from voicebot.web.server import HttpServer

PUBLIC = "https://bot.example.com/phone"
AUTH_TOKEN = "12345"


@dataclass
class House:
    door: MediaStreamDoor
    http: HttpServer
    carrier: Carrier


OpenHouse: TypeAlias = Callable[..., Awaitable[House]]


@pytest.fixture
async def bot() -> Bot:
    return Bot()


@pytest.fixture
async def open_house(bot: Bot) -> AsyncIterator[OpenHouse]:
    """Opens doors for ``bot``, and insists that nothing ever reached the loop's last resort."""
    houses: list[House] = []
    unhandled: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: unhandled.append(context)
    )

    async def start(auth_token: str | None = AUTH_TOKEN, **options: Any) -> House:
        door = MediaStreamDoor(reception=Reception(bot.admit, bot.serve, bot.refuse), **options)
        app = FastAPI()
        carrier = mediastream.Carrier(PUBLIC, auth_token)
        app.include_router(mediastream.mediastream_router(door, carrier))
        http = HttpServer(app, "127.0.0.1", 0, linger_s=1)
        await http.start()
        houses.append(House(door, http, Carrier(http.url, PUBLIC, AUTH_TOKEN)))
        return houses[-1]

    with capture_logs() as logs:
        yield start
        for house in houses:
            await house.door.stop()
            assert house.door.active_calls == 0
            await house.http.stop()
    assert unhandled == []
    assert [log for log in logs if log["log_level"] in {"error", "critical"}] == []


@pytest.fixture
async def house(open_house: OpenHouse) -> House:
    return await open_house()
