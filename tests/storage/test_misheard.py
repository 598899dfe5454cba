"""Turns that were not understood are found, the newest calls first, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.facts import ORDER, ended, started, turn
from voicebot.analytics.history import Span
from voicebot.errors import StorageError
from voicebot.events import CallEvent, TurnFinished, TurnResult
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.misheard import SqlMisheard
from voicebot.types import Mode

SPAN = Span(1000.0, 3000.0)


def _nomatch(call: str, index: int, text: str, mode: Mode = Mode.SPEECH) -> TurnFinished:
    heard = replace(ORDER, text=text, mode=mode, semantics=None)
    return replace(turn(call, index, heard=heard), result=TurnResult.NOMATCH)


async def _write(engine: AsyncEngine, *events: CallEvent) -> None:
    journal = SqlJournal(engine)
    await journal.start()
    for event in events:
        journal.append(event)
    await journal.stop()
    assert journal.stats.failed == 0


async def test_what_was_not_understood_is_found(either: AsyncEngine) -> None:
    doubtful = replace(ORDER, confidence=0.5, text="four two")
    await _write(
        either,
        started("old", at=999.0),
        _nomatch("old", 1, "too early"),
        ended("old"),
        started("a", at=1000.0),
        _nomatch("a", 1, "where is my stuff"),
        turn("a", 2, heard=doubtful),
        turn("a", 3, heard=ORDER),
        turn("a", 4),
        _nomatch("a", 5, "77", Mode.DTMF),
        _nomatch("a", 6, ""),
        ended("a"),
        started("b", at=2000.0),
        _nomatch("b", 1, "退款"),
        ended("b"),
        started("running", at=2500.0),
        _nomatch("running", 1, "not over yet"),
    )
    misheard = SqlMisheard(either)
    misses = await misheard.misheard(SPAN, {}, unsure=0.6, limit=10)
    found = misses.turns
    assert misses.complete
    assert [(each.call_id, each.text, each.matched) for each in found] == [
        ("b", "退款", False),
        ("a", "where is my stuff", False),
        ("a", "four two", True),
    ]
    assert (found[0].flow, found[0].step, found[0].language) == ("main", "order_number", "en-US")
    assert len((await misheard.misheard(SPAN, {}, unsure=0.5, limit=10)).turns) == 2
    newest = await misheard.misheard(SPAN, {}, unsure=0.6, limit=1)
    assert [each.call_id for each in newest.turns] == ["b"]
    assert not newest.complete


async def test_turns_without_their_database_are_told(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('empty')}/calls.db")
    with pytest.raises(StorageError, match="cannot be read"):
        await SqlMisheard(engine).misheard(SPAN, {}, unsure=0.6, limit=1)
    await engine.dispose()
