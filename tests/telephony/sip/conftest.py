"""A SIP server on loopback with a bot that the test can see into."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from structlog.testing import capture_logs

from tests.peers.ports import free_ports
from tests.telephony.sip.phone import WAIT_S, Phone
from voicebot.telephony._api import (
    Admission,
    AudioIn,
    CallLeg,
    HoldChanged,
    KeyIn,
    LegEnded,
    LegEvent,
    LegInfo,
    Reception,
)
from voicebot.telephony.sip import SipServer, Timers
from voicebot.types import Samples

SCENARIOS = Path(__file__).parents[1] / "scenarios"


@dataclass
class Bot:
    """Answers every call, says back what it hears, and keeps all that happens."""

    admission: Admission = field(default_factory=lambda: Admission(True))
    script: Callable[[CallLeg], Awaitable[None]] | None = None
    legs: list[CallLeg] = field(default_factory=list)
    events: list[LegEvent] = field(default_factory=list)
    arrived: list[LegInfo] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def admit(self, info: LegInfo) -> Admission:
        self.arrived.append(info)
        return self.admission

    def refuse(self, info: LegInfo, status: int) -> None:
        self.refused.append(status)

    async def serve(self, leg: CallLeg) -> None:
        self.legs.append(leg)
        self.changed.set()
        if self.script is not None:
            await self.script(leg)
            return
        await leg.answer()
        await self.listen(leg)

    async def listen(self, leg: CallLeg) -> None:
        echo = Echo()
        leg.attach(echo)
        async for event in leg.events():
            self.events.append(event)
            self.changed.set()
            if isinstance(event, AudioIn):
                echo.frames.append(event.samples)

    async def until(self, condition: Callable[[Bot], bool], what: str) -> None:
        """Wait until ``condition`` is true; looked at after each event, and now and then."""
        deadline = asyncio.get_running_loop().time() + WAIT_S
        while not condition(self):
            if asyncio.get_running_loop().time() > deadline:
                pytest.fail(f"waited in vain for {what}")
            self.changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await self.changed.wait()

    async def until_ended(self) -> LegEnded:
        await self.until(lambda bot: bot.ends() != [], "the end of the call")
        return self.ends()[0]

    @property
    def leg(self) -> CallLeg:
        return self.legs[-1]

    def keys(self) -> str:
        return "".join(event.key for event in self.events if isinstance(event, KeyIn))

    def holds(self) -> list[bool]:
        return [event.held for event in self.events if isinstance(event, HoldChanged)]

    def ends(self) -> list[LegEnded]:
        return [event for event in self.events if isinstance(event, LegEnded)]

    def heard(self) -> Samples:
        """All audio that came in, in one piece."""
        frames = [event.samples for event in self.events if isinstance(event, AudioIn)]
        return np.concatenate(frames) if frames else np.zeros(0, np.int16)


@dataclass
class Echo:
    """A frame source that gives back what was put in."""

    frames: list[Samples] = field(default_factory=list)

    def next_frame(self, now: float) -> Samples | None:
        return self.frames.pop(0) if self.frames else None


StartServer: TypeAlias = Callable[..., Awaitable[SipServer]]
OpenPhone: TypeAlias = Callable[..., Awaitable[Phone]]
Logs: TypeAlias = list[MutableMapping[str, Any]]


@pytest.fixture
async def bot() -> Bot:
    return Bot()


@pytest.fixture
def logs() -> Any:
    with capture_logs() as captured:
        yield captured


@pytest.fixture
async def start_server(bot: Bot, logs: Logs) -> AsyncIterator[StartServer]:
    """Starts servers for ``bot``, and insists that nothing ever reached the loop's last resort."""
    servers: list[SipServer] = []
    unhandled: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: unhandled.append(context)
    )

    async def start(**options: Any) -> SipServer:
        first = free_ports(40)
        given: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": 0,
            "rtp_ports": (first, first + 39),
            "reception": Reception(bot.admit, bot.serve, bot.refuse),
            "timers": Timers(t1_s=0.05, t2_s=0.4),
            **options,
        }
        server = SipServer(**given)
        await server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop(goodbye_s=0.1)
        assert server.active_calls == 0
    assert unhandled == []
    assert [log for log in logs if log["log_level"] in {"error", "critical"}] == []


@pytest.fixture
async def server(start_server: StartServer) -> SipServer:
    return await start_server()


@pytest.fixture
async def open_phone(server: SipServer) -> AsyncIterator[OpenPhone]:
    phones: list[Phone] = []

    async def open_one(name: str = "anna", port: int | None = None) -> Phone:
        phones.append(await Phone.open(server.port if port is None else port, name))
        return phones[-1]

    yield open_one
    for phone in phones:
        phone.close()


@pytest.fixture
async def phone(open_phone: OpenPhone) -> Phone:
    return await open_phone()
