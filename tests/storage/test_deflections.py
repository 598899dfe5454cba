"""Stages on the way to text are kept once each, and read back by the time of the first offer."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.facts import ended, started
from voicebot.events import CallEvent, DeflectionReached, DeflectionStage
from voicebot.storage.deflections import SqlDeflections
from voicebot.storage.journal import SqlJournal
from voicebot.types import CallId


def stage(call: str, reached: DeflectionStage, at: float, intent: str = "") -> DeflectionReached:
    return DeflectionReached(CallId(call), at, reached, intent)


async def _write(engine: AsyncEngine, *events: CallEvent) -> SqlJournal:
    journal = SqlJournal(engine)
    await journal.start()
    for event in events:
        journal.append(event)
    await journal.stop()
    return journal


async def test_stages_come_back_with_those_that_came_late(engine: AsyncEngine) -> None:
    facts = [
        stage("a", DeflectionStage.OFFERED, 100.0, "label"),
        stage("a", DeflectionStage.ACCEPTED, 101.0, "label"),
        stage("a", DeflectionStage.SERVED, 900.0),
    ]
    await _write(engine, started("a"), *facts[:2], ended("a"), facts[2])
    read = SqlDeflections(engine)
    assert await read.stages(100.0, 200.0) == facts
    assert await read.stages(101.0, 1000.0) == []
    assert await read.stages(0.0, 100.0) == []


async def test_a_stage_that_is_told_twice_is_kept_once(engine: AsyncEngine) -> None:
    first = stage("a", DeflectionStage.OFFERED, 100.0, "label")
    again = stage("a", DeflectionStage.OFFERED, 150.0, "label")
    journal = await _write(engine, started("a"), first, again)
    assert await SqlDeflections(engine).stages(0.0, 1000.0) == [first]
    assert journal.stats.failed == 0


async def test_a_conversation_whose_call_is_forgotten_still_counts(engine: AsyncEngine) -> None:
    journal = await _write(engine, stage("gone", DeflectionStage.OPENED, 100.0))
    assert journal.stats.failed == 0
