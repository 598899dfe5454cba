"""An AudioSocket door on loopback with a bot that the test can see into."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network
from typing import Any, TypeAlias

import pytest
from structlog.testing import capture_logs

from tests.telephony.sip.conftest import Bot
from voicebot.telephony._api import Reception
from voicebot.telephony.audiosocket import AudioSocketServer

StartDoor: TypeAlias = Callable[..., Awaitable[AudioSocketServer]]


@pytest.fixture
async def bot() -> Bot:
    return Bot()


@pytest.fixture
async def start_door(bot: Bot) -> AsyncIterator[StartDoor]:
    """Opens doors for ``bot``, and insists that nothing ever reached the loop's last resort."""
    doors: list[AudioSocketServer] = []
    unhandled: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: unhandled.append(context)
    )

    async def start(**options: Any) -> AudioSocketServer:
        given: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": 0,
            "reception": Reception(bot.admit, bot.serve, bot.refuse),
            "allow": [ip_network("127.0.0.0/8")],
            **options,
        }
        door = AudioSocketServer(**given)
        await door.start()
        doors.append(door)
        return door

    with capture_logs() as logs:
        yield start
        for door in doors:
            await door.stop()
            assert door.active_calls == 0
    assert unhandled == []
    assert [log for log in logs if log["log_level"] in {"error", "critical"}] == []


@pytest.fixture
async def door(start_door: StartDoor) -> AudioSocketServer:
    return await start_door()
