"""Alerts of a server: from figures to a notice, over a restart, and muted by a supervisor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.staff.memory import BEARER, Office
from tests.web.shelf import Shelf
from voicebot.acd.model import QueueRules
from voicebot.alarms import HOUR_EVERY_S, Alarms, AlarmSources
from voicebot.alerts.model import Rule
from voicebot.analytics.totals import Rules
from voicebot.config import Settings
from voicebot.config.alerts import AlertSettings
from voicebot.sessions.agent_lines import TelephoneLines
from voicebot.sessions.feed import EventFeed
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.registry import CallRegistry
from voicebot.speech.workers import PoolCounters
from voicebot.staff.model import Deed
from voicebot.storage.database import open_database
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.migrations import upgrade
from voicebot.web.api.alerts import alerts_router
from voicebot.web.api.sign_in import Attempts, SignInSide
from voicebot.web.application import create_app

SECRET = "0123456789abcdef0123456789abcdef"
NOBODY = Rule("nobody", "agents", below=1, clear=1, for_s=60)
BEHIND = Rule("behind", "recogniser_wait_s", above=2, clear=1, for_s=0)
FAILED = Rule("failed", "failed", above=0.1, least=1, for_s=0)


@dataclass
class Place:
    """A server's worth of what alerts look at. ``now`` is the time."""

    engine: AsyncEngine
    now: float = 1_795_255_200.0
    behind_s: float = 0.0
    office: Office = field(default_factory=Office)

    def alarms(self, *rules: Rule) -> Alarms:
        lines = TelephoneLines(None, lambda agent: "")
        service = QueueService([QueueRules("support")], lines, clock=lambda: self.now)
        pools = {"recognition": lambda: PoolCounters(1, 0, 0, 0, 0, 0, wait_s=self.behind_s)}
        ledger = SqlLedger(self.engine, Rules())
        sources = AlarmSources(CallRegistry(10), service, pools, ledger, self.office.log)
        settings = AlertSettings(
            webhook_url="http://127.0.0.1:9", webhook_secret=SECRET, gather_s=10
        )
        return Alarms(
            Settings(alerts=settings), self.engine, sources, rules, clock=lambda: self.now
        )


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    await upgrade(url)
    engine = open_database(url)
    yield Place(engine)
    await engine.dispose()


async def test_what_is_wrong_for_long_enough_is_told_and_outlives_a_restart(place: Place) -> None:
    alarms = place.alarms(NOBODY)
    for _ in range(8):
        await alarms.check()
        place.now += 10
    (view,) = alarms.views()
    assert view.said == "support: agents at work 0, limit 1"
    (letter,) = await alarms._book.letters("webhook")
    assert letter.body["standing"] == 1
    await alarms.stop()
    again = place.alarms(NOBODY)
    await again.start()
    assert again.views()[0].raised_at == view.raised_at
    place.now += 1000
    await again.check()
    place.now += 1000
    await again.check()
    assert [each.id for each in await again._book.letters("webhook")] == [letter.id]
    await again.stop()


async def test_speech_that_is_behind_is_told_while_it_lasts(place: Place) -> None:
    alarms = place.alarms(BEHIND)
    for place.behind_s, standing in ((2.5, 1), (1.5, 1), (0.9, 0)):
        await alarms.check()
        assert len(alarms.views()) == standing
    await alarms.stop()


async def test_other_rules_count_from_the_next_look(place: Place) -> None:
    place.behind_s = 3.0
    alarms = place.alarms(BEHIND)
    await alarms.check()
    alarms.change([FAILED])
    await alarms.check()
    assert (alarms.rule_names, alarms.views()) == (["failed"], ())
    await alarms.stop()


async def test_a_ledger_that_cannot_be_read_changes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarms = place.alarms(FAILED, BEHIND)
    place.behind_s = 3.0
    async with place.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE ledger_rules RENAME TO away")
    await alarms.check()
    assert [each.name for each in alarms.views()] == ["behind"]
    async with place.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE away RENAME TO ledger_rules")
    place.now += HOUR_EVERY_S
    await alarms.check()
    assert ("failed", "") in alarms._hour
    await alarms.stop()


@pytest.fixture
async def alarms(place: Place) -> AsyncIterator[Alarms]:
    alarms = place.alarms(BEHIND)
    place.behind_s = 3.0
    await alarms.check()
    yield alarms
    await alarms.stop()


@pytest.fixture
async def client(alarms: Alarms, place: Place) -> AsyncIterator[httpx.AsyncClient]:
    office = place.office
    app: FastAPI = create_app(
        archive=Shelf(),
        feed=EventFeed(),
        readiness=dict,
        metric_sources=[lambda: alarms.figures(3)],
        version="1",
        staff=SignInSide(office.desk, Attempts.per_minute(1000), office.clock),
        routers=[alerts_router(alarms)],
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://voicebot", headers=BEARER
    ) as client:
        yield client


async def test_a_supervisor_mutes_an_alert_for_a_time_and_it_is_noted(
    client: httpx.AsyncClient, place: Place, alarms: Alarms
) -> None:
    found = (await client.get("/api/alerts")).json()
    assert found["rules"] == ["behind"]
    assert found["alerts"][0]["muted_until"] is None
    answer = await client.post("/api/alerts/mutes", json={"name": "behind", "seconds": 900})
    assert answer.status_code == 201
    mute = answer.json()
    found = (await client.get("/api/alerts")).json()
    assert found["alerts"][0]["muted_until"] == place.now + 900
    assert found["mutes"] == [mute]
    figures = (await client.get("/metrics")).text
    assert 'voicebot_alerts{state="muted"} 1.0' in figures
    assert "voicebot_wall_viewers 3.0" in figures
    place.now += 100
    await alarms.check()
    assert await alarms._book.letters("webhook") == []
    assert (await client.delete(f"/api/alerts/mutes/{mute['id']}")).status_code == 204
    assert [(deed, what) for _, deed, what in place.office.log.deeds] == [
        (Deed.ALERTS_MUTED, "behind for 900 s"),
        (Deed.ALERTS_UNMUTED, "behind"),
    ]
    for _ in range(2):
        await alarms.check()
        place.now += 10
    assert len(await alarms._book.letters("webhook")) == 1, "it still stands"


async def test_mutes_of_nothing_are_told(client: httpx.AsyncClient) -> None:
    wrong = {"name": "unknown", "seconds": 900}
    assert (await client.post("/api/alerts/mutes", json=wrong)).status_code == 404
    for seconds in (0, 10**9):
        answer = await client.post("/api/alerts/mutes", json={"seconds": seconds})
        assert answer.status_code == 422
    assert (await client.delete("/api/alerts/mutes/none")).status_code == 404


async def test_mutes_have_a_bound(client: httpx.AsyncClient) -> None:
    for _ in range(100):
        answer = await client.post("/api/alerts/mutes", json={"seconds": 60})
        assert answer.status_code == 201
    answer = await client.post("/api/alerts/mutes", json={"seconds": 60})
    assert answer.status_code == 409
    assert "at most 100" in answer.json()["detail"]
