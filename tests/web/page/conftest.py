"""The caller's page in a real browser, a real door behind it, and a bot that only listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fastapi import FastAPI

from tests.peers.chromium import chromium
from tests.peers.ports import free_ports
from voicebot.errors import CallRefused
from voicebot.media.frames import level_dbfs
from voicebot.telephony._api import Admission, AudioIn, CallLeg, LegEvent, LegInfo, Reception
from voicebot.telephony.webrtc import WebRtcDoor
from voicebot.types import Samples
from voicebot.web.api.webrtc import PagePolicy, tell_refused, webrtc_router
from voicebot.web.caller_page import caller_page_router
from voicebot.web.server import HttpServer

WAIT_S = 20.0


@pytest.fixture(scope="session", autouse=True)
def _there_is_a_browser() -> None:
    if chromium() is None:
        pytest.skip("no browser (Debian: chromium)")


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A microphone that hears a minute of a tone that comes and goes."""
    rate = 48_000
    time = np.arange(60 * rate) / rate
    sound = np.sin(2 * np.pi * 300 * time) * (np.sin(2 * np.pi * 1.5 * time) > 0) * 0.3
    path = tmp_path_factory.mktemp("microphone") / "speech.wav"
    soundfile.write(path, sound.astype(np.float32), rate, subtype="PCM_16")
    return path


@dataclass
class Stage:
    """What is behind the page. ``url`` is the page's."""

    url: str = ""
    door: WebRtcDoor = field(init=False)
    http: HttpServer = field(init=False)
    admission: Admission = field(default_factory=lambda: Admission(True))
    legs: list[CallLeg] = field(default_factory=list)
    events: list[LegEvent] = field(default_factory=list)
    frames: int = 0
    loud_frames: int = 0

    async def serve(self, leg: CallLeg) -> None:
        self.legs.append(leg)
        await leg.answer()
        leg.attach(Hum())
        async for event in leg.events():
            if isinstance(event, AudioIn):
                self.frames += 1
                self.loud_frames += level_dbfs(event.samples) > -40
            else:
                self.events.append(event)

    async def until(self, condition: object, what: str) -> None:
        assert callable(condition)
        try:
            async with asyncio.timeout(WAIT_S):
                while not condition():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"waited in vain for {what}: {self.events}, {self.door.counters()}")


class Hum:
    """A frame source: a tone without end."""

    def __init__(self) -> None:
        self._index = 0

    def next_frame(self, now: float) -> Samples:
        places = np.arange(self._index * 320, (self._index + 1) * 320)
        self._index += 1
        return (np.sin(2 * np.pi * 700 * places / 16_000) * 8000).astype(np.int16)


def _ignore(info: LegInfo, status: int) -> None:
    pass


@asynccontextmanager
async def staged(host: str = "127.0.0.1", *, per_minute: int = 1000) -> AsyncIterator[Stage]:
    """The door and its page on free ports of ``host``."""
    stage = Stage()
    first = free_ports(20)
    reception = Reception(lambda _: stage.admission, stage.serve, _ignore)
    stage.door = WebRtcDoor(host=host, ports=(first, first + 19), reception=reception)
    await stage.door.start()
    app = FastAPI()
    app.add_exception_handler(CallRefused, tell_refused)
    app.include_router(webrtc_router(stage.door, PagePolicy(per_minute=per_minute)))
    app.include_router(caller_page_router())
    stage.http = HttpServer(app, host, 0, linger_s=1)
    await stage.http.start()
    stage.url = f"{stage.http.url}/call/"
    try:
        yield stage
    finally:
        await stage.door.stop()
        await stage.http.stop()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as stage:
        yield stage
