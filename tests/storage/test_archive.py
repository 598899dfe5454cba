"""Records come back newest first, in pages, and filtered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.facts import ended, started, turn
from tests.storage.made_up import MadeUp, counted, store
from voicebot.analytics.totals import Fact, Rules
from voicebot.errors import StorageError
from voicebot.events import CallEvent
from voicebot.sessions.records import CallArchive, CallQuery
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.types import CallId, Outcome


async def _write(engine: AsyncEngine, *events: CallEvent) -> None:
    journal = SqlJournal(engine)
    await journal.start()
    for event in events:
        journal.append(event)
    await journal.stop()


async def _ids(engine: AsyncEngine, query: CallQuery) -> list[str]:
    return [call.id for call in (await SqlCallArchive(engine).list_calls(query)).calls]


async def test_the_newest_call_comes_first(engine: AsyncEngine) -> None:
    await _write(engine, started("old", at=1.0), started("new", at=3.0), started("mid", at=2.0))
    assert await _ids(engine, CallQuery()) == ["new", "mid", "old"]


async def test_pages_hold_every_call_once_though_new_ones_come_in(engine: AsyncEngine) -> None:
    # Five calls of the same instant: the id decides.
    await _write(engine, *(started(f"c{n}", at=7.0) for n in range(5)))
    archive: CallArchive = SqlCallArchive(engine)
    first = await archive.list_calls(CallQuery(), limit=2)
    assert first.next is not None
    await _write(engine, started("later", at=9.0))
    second = await archive.list_calls(CallQuery(), after=first.next, limit=2)
    third = await archive.list_calls(CallQuery(), after=second.next, limit=2)
    pages = [[call.id for call in page.calls] for page in (first, second, third)]
    assert pages == [["c4", "c3"], ["c2", "c1"], ["c0"]]
    assert third.next is None


async def test_a_last_page_that_is_full_has_no_next(engine: AsyncEngine) -> None:
    await _write(engine, started("a", at=1.0), started("b", at=2.0))
    page = await SqlCallArchive(engine).list_calls(CallQuery(), limit=2)
    assert page.next is None


@pytest.mark.parametrize(
    "query, found",
    [
        (CallQuery(outcome=Outcome.TRANSFERRED), ["b"]),
        (CallQuery(caller="bob"), ["c", "b"]),
        (CallQuery(caller="bo"), []),
        (CallQuery(since=20.0), ["c", "b"]),
        (CallQuery(until=20.0), ["a"]),
        (CallQuery(caller="bob", since=15.0, until=30.0), ["b"]),
    ],
)
async def test_filters_narrow_the_list(
    engine: AsyncEngine, query: CallQuery, found: list[str]
) -> None:
    await _write(
        engine,
        started("a", at=10.0),
        ended("a"),
        started("b", at=20.0, caller="bob"),
        ended("b", outcome=Outcome.TRANSFERRED),
        started("c", at=30.0, caller="bob"),
    )
    assert await _ids(engine, query) == found


async def test_each_listed_call_has_its_own_turns(engine: AsyncEngine) -> None:
    await _write(
        engine,
        started("a", at=1.0),
        started("b", at=2.0),
        turn("b", 1),
        turn("a", 1),
        turn("b", 2),
    )
    page = await SqlCallArchive(engine).list_calls(CallQuery())
    assert [(call.id, len(call.turns)) for call in page.calls] == [("b", 2), ("a", 1)]


async def test_an_unknown_call_is_none(engine: AsyncEngine) -> None:
    assert await SqlCallArchive(engine).get_call(CallId("nobody")) is None


async def test_a_broken_database_is_a_storage_error(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(StorageError, match="call records cannot be read: no such table"):
        await SqlCallArchive(engine).list_calls(CallQuery())
    await engine.dispose()


async def test_a_call_knows_the_version_it_ran_on(engine: AsyncEngine) -> None:
    await _write(engine, started("old"), replace(started("new"), version="5f0c3a9b71d2"))
    page = await SqlCallArchive(engine).list_calls(CallQuery())
    assert {call.id: call.version for call in page.calls} == {"old": "", "new": "5f0c3a9b71d2"}


@pytest.mark.parametrize("fact", Fact)
async def test_the_calls_behind_a_number_are_as_many_as_it_says(
    engine: AsyncEngine, fact: Fact
) -> None:
    at, now = 1_000_000 * 3600.0, (1_000_000 + 24 * 8) * 3600.0
    waiting = {"queue": "support", "waited_s": 12.0}
    lost, gone = Outcome.ABANDONED_IN_QUEUE, Outcome.ABANDONED_IN_FLOW
    same = {"number": "+15550100", "matter": "order"}
    made_up = [
        MadeUp(at, **same),  # type: ignore[arg-type]
        MadeUp(at + 60, **same),  # type: ignore[arg-type]
        MadeUp(at + 120, number="+15550101", matter="order"),
        MadeUp(at + 86_400, number="+15550102", matter="order"),
        MadeUp(at, outcome=gone, duration_s=2.0),
        MadeUp(at, outcome=lost, queue="support", waited_s=1.0),
        MadeUp(at, outcome=Outcome.TRANSFERRED, agent="anna", **waiting),  # type: ignore[arg-type]
        MadeUp(
            at, outcome=Outcome.CALLBACK_BOOKED, queue="support", agent="bert", called_back=True
        ),
    ]
    await store(engine, made_up)
    page = await SqlCallArchive(engine).list_calls(CallQuery(fact=fact, now=now))
    expected = getattr(counted(made_up, made_up, Rules(), now), fact)
    assert len(page.calls) == expected > 0


async def test_calls_are_chosen_by_values_and_by_the_hours_they_began_in(
    engine: AsyncEngine,
) -> None:
    made_up = [
        MadeUp(10.0, queue="support", waited_s=1.0),
        MadeUp(20.0, queue="returns", waited_s=1.0),
        MadeUp(30.0),
    ]
    await store(engine, made_up)
    assert await _ids(engine, CallQuery(where={"queue": "support"})) == ["call-0"]
    assert await _ids(engine, CallQuery(where={"queue": "", "door": "sip"})) == ["call-2"]
    assert await _ids(engine, CallQuery(within=((5.0, 10.0), (20.0, 30.0)))) == ["call-1"]
    assert await _ids(engine, CallQuery(within=())) == []


async def test_calls_are_chosen_by_the_step_of_their_last_turn(engine: AsyncEngine) -> None:
    await _write(
        engine,
        *(started("a", at=1.0), turn("a", 1)),
        *(started("b", at=2.0), turn("b", 1), replace(turn("b", 2), step="bye")),
        *(started("c", at=3.0), replace(turn("c", 1), step="returns.bye")),
    )
    assert await _ids(engine, CallQuery(last_step=("main", "order_number"))) == ["a"]
    assert await _ids(engine, CallQuery(last_step=("main", "bye"))) == ["b"]
    assert await _ids(engine, CallQuery(last_step=("returns", "bye"))) == ["c"]
