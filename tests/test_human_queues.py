"""Queues of a server that was started again: what was promised is kept, who had gone is gone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.desk.office import desks
from tests.sessions.agents_at_work import settle
from tests.storage.facts import started, turn
from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile, Contact, ContactId, Presence
from voicebot.analytics.history import Span, Split
from voicebot.analytics.totals import Rules
from voicebot.config import Settings
from voicebot.config.agents import AgentSettings
from voicebot.desk.desks import Desks
from voicebot.errors import ConfigError
from voicebot.human_queues import HumanQueues
from voicebot.queues.reader import QueueFile, load_queues
from voicebot.sessions.briefing import Briefing
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.database import open_database
from voicebot.storage.journal import STOPPED_DURING_CALL, SqlJournal
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.migrations import upgrade
from voicebot.storage.queue_records import SqlQueueRecords
from voicebot.types import CallId, Language, Outcome


@pytest.fixture
def file(tmp_path: Path) -> QueueFile:
    (tmp_path / "queues.yaml").write_text("queues: {support: {}, sales: {}}")
    return load_queues(tmp_path)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncEngine:
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    await upgrade(url)
    return open_database(url)


async def _never(*_: object) -> None:
    raise AssertionError("nobody is called here")


def queues(
    file: QueueFile,
    engine: AsyncEngine,
    queue: str = "support",
    journal: SqlJournal | None = None,
    agents: Sequence[str] = ("anna", "bert", "carl"),
    at: Desks | None = None,
) -> HumanQueues:
    named = {
        name: AgentSettings(address=f"sip:{name}@192.0.2.7", queues=(queue,)) for name in agents
    }
    ledger = SqlLedger(engine, Rules())
    return HumanQueues(
        Settings(agents=named),
        file,
        None,
        _never,
        SqlQueueRecords(engine),
        journal or SqlJournal(engine),
        ledger.note_agent_times,
        lambda event: None,
        at or desks(),
    )


async def test_where_the_settings_name_no_agent_whoever_opens_a_desk_serves_every_queue(
    file: QueueFile, engine: AsyncEngine
) -> None:
    house = desks()
    nobody_named = queues(file, engine, agents=(), at=house)
    desk = house.place(AgentId("zoe"))
    assert desk is not None
    assert house.place(AgentId("zoe")) is desk
    assert nobody_named.profiles == {"zoe": AgentProfile(AgentId("zoe"), ("support", "sales"))}
    assert house.targets(desk)["agents"] == []

    others = desks()
    queues(file, engine, at=others)
    assert others.place(AgentId("zoe")) is None
    assert others.place(AgentId("anna")) is others.of(AgentId("anna"))
    await engine.dispose()


async def test_a_restart_keeps_callbacks_and_what_agents_last_did(
    file: QueueFile, engine: AsyncEngine
) -> None:
    first = queues(file, engine)
    place = first.service.enter(
        Contact(ContactId("caller"), "support", priority=2, skills={"french": 3}, party="1001"),
        Briefing("1001", Language("en-US"), {"order": "17"}, {"matter": {"about": "return"}}),
    )
    first.service.book(place, "1001")
    await first.start()
    for agent in ("anna", "bert", "carl"):
        first.service.receive(ev.Pause(AgentId(agent), "lunch"))
    first.service.receive(ev.SignOut(AgentId("anna")))
    first.service.receive(ev.Resume(AgentId("carl")))
    before = list(first.service.contacts())
    await first.stop()

    second = queues(file, engine)
    await second.start()
    try:
        (kept,) = second.service.contacts()
        assert (kept.contact, kept.queue, kept.callback) == (before[0].contact, "support", True)
        assert kept.arrived_at == before[0].arrived_at
        assert second.service.briefing(ContactId("caller")) == place.briefing
        presences = {name: state.presence for name, state in second.service.agents().items()}
        assert presences == {"bert": Presence.PAUSED, "carl": Presence.AVAILABLE}
        second.service.receive(ev.Abandon(ContactId("caller"), "taken back"))
        await settle()
    finally:
        await second.stop()
    assert await SqlQueueRecords(engine).bookings() == []
    await engine.dispose()


async def test_who_waited_on_the_line_at_a_crash_keeps_the_place_and_is_in_the_records(
    file: QueueFile, engine: AsyncEngine
) -> None:
    journal = SqlJournal(engine)
    await journal.start()
    first = queues(file, engine, journal=journal)
    began = time.time() - 300
    journal.append(started("caller", at=began, caller="+15550100"))
    journal.append(turn("caller", 1, at=began + 20))
    first.service.enter(Contact(ContactId("caller"), "support", party="+15550100"), Briefing())
    await journal.flush()  # and there the process is killed

    await SqlJournal(engine).start()
    second = queues(file, engine)
    await second.start()
    try:
        assert list(second.service.contacts()) == []
        for caller in ("+15550100", "+15550199"):
            contact = Contact(ContactId(caller), "support", party=caller)
            second.service.enter(contact, Briefing())
        kept, new = second.service.contacts()
        assert kept.arrived_at == began + 20, "who calls again stands where they stood"
        assert new.arrived_at >= began + 300
    finally:
        await second.stop()
        await journal.stop()
    call = await SqlCallArchive(engine).get_call(CallId("caller"))
    assert call is not None
    assert (call.outcome, call.reason) == (Outcome.FAILED, STOPPED_DURING_CALL)
    ledger = SqlLedger(engine, Rules())
    (sums,) = await ledger.sums(
        Span(began - 1, began + 1), {}, Split.QUEUE, hourly=False, now=began + 9
    )
    assert (sums.value, sums.totals.queued, sums.totals.answered) == ("support", 1, 0)
    await engine.dispose()


async def test_an_agent_of_a_queue_that_is_not_there_is_told(
    file: QueueFile, engine: AsyncEngine
) -> None:
    with pytest.raises(ConfigError, match="there is no queue 'suport'"):
        queues(file, engine, "suport")
    await engine.dispose()
