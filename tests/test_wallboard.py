"""The wall of a server shows what the rooms know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile, Contact, ContactId, QueueRules
from voicebot.analytics.totals import Rules
from voicebot.config import Settings
from voicebot.config.wall import WallSettings
from voicebot.events import CallEnded, CallStarted, TurnFinished, TurnResult
from voicebot.sessions.agent_lines import TelephoneLines
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.registry import CallRegistry
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.migrations import upgrade
from voicebot.types import CallId, Language, Outcome
from voicebot.wall.model import Activity, Stage
from voicebot.wallboard import Sources, Wallboard

NOON = 1_795_262_400.0
"""2026-11-21T12:00Z"""
AGENTS = {
    AgentId(name): AgentProfile(AgentId(name), ("support",), {}, 1, 1) for name in ("anna", "bert")
}
ENGLISH = Language("en-US")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    await upgrade(url)
    engine = open_database(url)
    yield engine
    await engine.dispose()


def started(call: str, at: float = NOON - 100) -> CallStarted:
    return CallStarted(CallId(call), at, "sip", "a", "b", "main", ENGLISH)


async def test_calls_queues_agents_and_the_day_stand_in_one_picture(engine: AsyncEngine) -> None:
    times = [NOON - 60]
    lines = TelephoneLines(None, lambda agent: "")
    queues = QueueService([QueueRules("support")], lines, clock=lambda: times[0])
    queues.receive(ev.SignIn(AGENTS[AgentId("anna")]))
    queues.receive(ev.Pause(AgentId("anna"), "lunch"))
    ledger, registry = SqlLedger(engine, Rules()), CallRegistry(60)
    settings = Settings(wall=WallSettings(containment_target=0.6))
    talking = {AgentId("anna"): CallId("c")}
    sources = Sources(
        registry,
        queues,
        AGENTS,
        ledger,
        in_text=lambda: 5,
        alerts=lambda: (),
        joined=lambda: {CallId("d")},
        talking=lambda: talking,
    )
    wallboard = Wallboard(settings, engine, sources, lambda: times[0])
    for call in ("a", "b", "c", "d"):
        registry.admit(CallId(call))
        wallboard.observe(started(call))
    wallboard.observe(
        TurnFinished(CallId("b"), NOON - 50, 1, "ask", "Yes?", TurnResult.MATCH, None, None)
    )
    queues.enter(Contact(ContactId("c"), "support"), Briefing("", ENGLISH, {}, {}))
    journal = SqlJournal(engine)
    await journal.start()
    for event in (started("z"), CallEnded(CallId("z"), NOON - 70, Outcome.SELF_SERVED, "done")):
        journal.append(event)
    await journal.stop()
    times[0] = NOON
    wall = await wallboard.board.look()
    assert wall.at == NOON
    assert wall.stages == {
        Stage.GREETING: 1, Stage.FLOW: 1, Stage.QUEUED: 1, Stage.WITH_AGENT: 1, Stage.TEXT: 5,
    }  # fmt: skip
    assert (wall.lines, wall.most_lines) == (4, 60)
    (queue,) = wall.queues
    assert (queue.waiting, queue.first_since, queue.open) == (1, NOON - 60, True)
    assert (queue.told_s, queue.waited_s) == (None, None)
    anna, bert = wall.agents
    assert (anna.activity, anna.reason) == (Activity.PAUSED, "lunch")
    assert bert.activity is Activity.SIGNED_OUT
    assert (anna.call, bert.call) == ("c", "")
    assert wall.day is not None
    assert (wall.day.containment.value, wall.day.containment.target) == (1.0, 0.6)
    assert wall.day.deflection.target is None, "0 is no target"
    await queues.stop()
