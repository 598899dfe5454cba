"""A WebRTC door on loopback with a bot that the test can see into."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.peers.ports import free_ports
from tests.peers.webrtc_page import Page
from voicebot.telephony._api import Admission, AudioIn, CallLeg, LegEvent, LegInfo, Reception
from voicebot.telephony.webrtc import WebRtcDoor
from voicebot.types import Samples

WAIT_S = 30.0


class Hum:
    """A frame source: a tone without end."""

    def __init__(self) -> None:
        self.pulled = 0

    def next_frame(self, now: float) -> Samples:
        places = np.arange(self.pulled * 320, (self.pulled + 1) * 320)
        self.pulled += 1
        return (np.sin(2 * np.pi * 700 * places / 16_000) * 8000).astype(np.int16)


@dataclass
class Bot:
    """Answers every call, hums, and keeps what happens."""

    admission: Admission = field(default_factory=lambda: Admission(True))
    script: Callable[[CallLeg], Awaitable[None]] | None = None
    legs: list[CallLeg] = field(default_factory=list)
    frames: list[AudioIn] = field(default_factory=list)
    events: list[LegEvent] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    hum: Hum = field(default_factory=Hum)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def refuse(self, info: LegInfo, status: int) -> None:
        self.refused.append(status)

    async def serve(self, leg: CallLeg) -> None:
        self.legs.append(leg)
        try:
            if self.script is not None:
                await self.script(leg)
                return
            await leg.answer()
            leg.attach(self.hum)
            await self.listen(leg)
        finally:
            self.over.set()

    async def listen(self, leg: CallLeg) -> None:
        async for event in leg.events():
            if isinstance(event, AudioIn):
                self.frames.append(event)
            else:
                self.events.append(event)

    async def until(self, condition: Callable[[], object], what: str) -> None:
        try:
            async with asyncio.timeout(WAIT_S):
                while not condition():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pytest.fail(f"waited in vain for {what}: {self.events}")


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
async def door(bot: Bot) -> AsyncIterator[WebRtcDoor]:
    async with opened(bot, connect_timeout_s=15.0) as door:
        yield door


@pytest.fixture
async def hasty_door(bot: Bot) -> AsyncIterator[WebRtcDoor]:
    """For calls that are not to connect: it waits a second for them."""
    async with opened(bot, connect_timeout_s=1.0) as door:
        yield door


@asynccontextmanager
async def opened(bot: Bot, connect_timeout_s: float) -> AsyncIterator[WebRtcDoor]:
    """A door to ``bot`` that is open."""
    first = free_ports(20)
    door = WebRtcDoor(
        host="127.0.0.1",
        ports=(first, first + 19),
        reception=Reception(lambda _: bot.admission, bot.serve, bot.refuse),
        media_timeout_s=2.0,
        connect_timeout_s=connect_timeout_s,
    )
    await door.start()
    yield door
    await door.stop()


@dataclass
class Caller:
    """A page that called: its connection and what addresses its call."""

    page: Page
    token: str
    call: str


@pytest.fixture
async def new_page() -> AsyncIterator[Callable[[], Page]]:
    """Makes pages, and closes them in the end."""
    pages: list[Page] = []

    def make() -> Page:
        pages.append(Page())
        return pages[-1]

    yield make
    for page in pages:
        await page.close()


@pytest.fixture
async def caller(door: WebRtcDoor, new_page: Callable[[], Page]) -> Caller:
    """A call that is up."""
    page = new_page()
    token, _ = door.issue_token()
    call, answer = await door.offer(token, await page.offer(), "http://here")
    await page.accept(answer)
    return Caller(page, token, call)
