"""The application on collaborators that the tests can see into, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI

from tests.staff.memory import BEARER, Office
from tests.web.shelf import Shelf
from voicebot.sessions.feed import EventFeed
from voicebot.web.api.health import Check
from voicebot.web.api.sign_in import Attempts, SignInSide
from voicebot.web.application import create_app
from voicebot.web.metrics import Figure, Histogram


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


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def app(house: House) -> FastAPI:
    return create_app(
        archive=house.archive,
        feed=house.feed,
        readiness=lambda: house.checks,
        metric_sources=[house.give_figures],
        version="1.2.3",
        staff=house.staff,
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://voicebot", headers=BEARER
    ) as client:
        yield client
