"""A dispatch on a real database, a gateway that does as it is told, and a clock that is set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.actions.conftest import Service
from tests.storage.ready import ready_sqlite
from voicebot.sending.attempt import Accepted, Attempt
from voicebot.storage.database import open_database
from voicebot.storage.texts import SqlMessageStore
from voicebot.texting.dispatch import DispatchPolicy, TextDispatch
from voicebot.texting.message import SMS, TextMessage

SECRET_LINK = "https://voice.example/t/s3cret"
NUMBER = "+15550100"


@dataclass
class Scripted:
    """A gateway: ``answers`` are given in turn, then everything is accepted."""

    answers: list[Attempt] = field(default_factory=list)
    repeatable: bool = False
    keeps_body: bool = False
    sent: list[TextMessage] = field(default_factory=list)
    hangs: asyncio.Event | None = None

    async def send(self, message: TextMessage) -> Attempt:
        self.sent.append(message)
        if self.hangs is not None:
            self.hangs.set()
            await asyncio.Event().wait()
        return self.answers.pop(0) if self.answers else Accepted(f"ref-{message.id}")

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass
class Post:
    """Everything at hand: ``now`` is what the clock says."""

    store: SqlMessageStore
    gateway: Scripted = field(default_factory=Scripted)
    policy: DispatchPolicy = field(default_factory=DispatchPolicy)
    now: float = 1_000.0

    def dispatch(self, **others: Scripted) -> TextDispatch:
        gateways = {SMS: self.gateway, **others}
        return TextDispatch(
            self.store, gateways, self.policy, clock=lambda: self.now, jitter=lambda: 0.0
        )

    def message(self, id_: str = "m1", to: str = NUMBER, channel: str = SMS) -> TextMessage:
        return TextMessage(
            id=id_,
            channel=channel,
            recipient=to,
            body=f"Go on: {SECRET_LINK}",
            created_at=self.now,
            expires_at=self.now + 900,
            due_at=self.now,
            changed_at=self.now,
        )

    async def get(self, id_: str = "m1") -> TextMessage:
        found = await self.store.get(id_)
        assert found is not None
        return found


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = open_database(await ready_sqlite(tmp_path / "texts.db"))
    yield engine
    await engine.dispose()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def post(engine: AsyncEngine) -> Post:
    return Post(SqlMessageStore(engine))


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    await service.start()
    yield service
    await service.stop()
