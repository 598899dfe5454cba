"""The application on collaborators that the tests can see into, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from tests.staff.memory import BEARER, Office
from tests.web.shelf import Shelf
from voicebot.sessions.feed import EventFeed
from voicebot.web.api.health import Check
from voicebot.web.api.sign_in import Attempts, SignInSide
from voicebot.web.application import create_app
from voicebot.web.metrics import Figure, Histogram
from voicebot.web.server import HttpServer


@dataclass
class House:
    """What the application is built on."""

    archive: Shelf = field(default_factory=Shelf)
    feed: EventFeed = field(default_factory=lambda: EventFeed(watchers=2, backlog=4))
    checks: dict[str, Check] = field(default_factory=dict)
    figures: list[Figure | Histogram] = field(default_factory=list)
    metrics_fail: bool = False
    office: Office = field(default_factory=Office)

    def give_figures(self) -> Iterable[Figure | Histogram]:
        if self.metrics_fail:
            raise RuntimeError("no figures today")
        return self.figures

    @property
    def staff(self) -> SignInSide:
        """Nobody there; the test client brings a token with all rights."""
        return SignInSide(self.office.desk, Attempts.per_minute(1000), self.office.clock)

    def app(self, *routers: APIRouter, staff: SignInSide | None = None) -> FastAPI:
        """The application with ``routers``."""
        return create_app(
            archive=self.archive,
            feed=self.feed,
            readiness=lambda: self.checks,
            metric_sources=[self.give_figures],
            version="1.2.3",
            staff=staff or self.staff,
            routers=routers,
        )


@asynccontextmanager
async def serving(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """``app`` on real HTTP; gives its URL."""
    server = HttpServer(app, "127.0.0.1", port, linger_s=1)
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop()


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def app(house: House) -> FastAPI:
    return house.app()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://voicebot", headers=BEARER
    ) as client:
        yield client
