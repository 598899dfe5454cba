"""Callbacks and agents' states survive the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

import voicebot.storage.migrations
from voicebot.acd.model import Contact, ContactId
from voicebot.flows.state import Frame
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.held_places import HeldPlace
from voicebot.sessions.queue_records import AgentChange, Booking
from voicebot.storage.queue_records import SqlQueueRecords
from voicebot.types import Language


@pytest.fixture
async def records(engine: AsyncEngine) -> AsyncIterator[SqlQueueRecords]:
    made = SqlQueueRecords(engine)
    writing = asyncio.create_task(made.run())
    yield made
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


def booking(name: str, arrived_at: float, due_at: float | None = None) -> Booking:
    return Booking(name, "support", "1001", arrived_at, due_at, {"priority": 1, "facts": {}})


async def test_callbacks_come_back_in_order_until_they_are_settled(
    records: SqlQueueRecords,
) -> None:
    records.booked(booking("later", 20.0))
    records.booked(booking("first", 10.0))
    records.booked(booking("first", 10.0, due_at=700.0))  # tried once
    await records.written()
    assert await records.bookings() == [booking("first", 10.0, 700.0), booking("later", 20.0)]
    records.settled("first")
    records.settled("unknown")
    await records.written()
    assert await records.bookings() == [booking("later", 20.0)]


async def test_places_that_are_held_come_back_until_they_are_gone(
    records: SqlQueueRecords,
) -> None:
    place = HeldPlace(
        Contact(ContactId("call"), "support", priority=2, skills={"french": 3}, party="1001"),
        Briefing("1001", Language("en-US"), {"order": "4271"}, {"tries": 2}),
        10.0,
        (Frame("main", "to_agent"), Frame("sub", "ask")),
    )
    records.place_held(replace(place, since=20.0, contact=replace(place.contact, party="")).kept)
    first = replace(place, contact=replace(place.contact, contact_id=ContactId("first")))
    records.place_held(first.kept)
    records.place_held(place.kept)
    left = replace(place, left_at=70.0)
    records.place_held(left.kept)
    await records.written()
    assert [HeldPlace.of(kept) for kept in await records.held_places()] == [left, first]
    records.place_gone("first")
    records.place_gone("unknown")
    await records.written()
    assert [kept.contact_id for kept in await records.held_places()] == ["call"]


async def test_the_last_state_of_each_agent_is_known(records: SqlQueueRecords) -> None:
    records.agent_changed(AgentChange("anna", 1.0, "available", ""))
    records.agent_changed(AgentChange("bert", 2.0, "available", ""))
    records.agent_changed(AgentChange("anna", 3.0, "paused", "lunch"))
    await records.written()
    assert await records.last_changes() == {
        "anna": AgentChange("anna", 3.0, "paused", "lunch"),
        "bert": AgentChange("bert", 2.0, "available", ""),
    }


async def test_what_cannot_be_written_is_counted_and_the_rest_goes_on(
    records: SqlQueueRecords,
) -> None:
    records.booked(Booking("bad", "support", "1001", 1.0, None, {"no": object()}))  # type: ignore[dict-item]
    records.booked(booking("good", 2.0))
    await records.written()
    assert records.lost == 1
    assert [each.contact_id for each in await records.bookings()] == ["good"]


async def test_the_migration_goes_back_and_forth(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(_down_and_up)


def _down_and_up(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", voicebot.storage.migrations.__path__[0])
    script = ScriptDirectory.from_config(config).get_revision("0010")
    assert script is not None
    made = {"callbacks", "agent_changes"}
    with Operations.context(MigrationContext.configure(connection)):
        script.module.downgrade()
        assert made.isdisjoint(inspect(connection).get_table_names())
        script.module.upgrade()
        assert made <= set(inspect(connection).get_table_names())
