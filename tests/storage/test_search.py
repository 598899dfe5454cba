"""Turns are found by their words, in every script, as soon as they are written and no longer."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.facts import started
from voicebot.analytics.history import Split
from voicebot.analytics.search import SearchQuery, Speaker, terms_of
from voicebot.events import (
    QuestionMasked,
    QuestionUnanswered,
    TurnFinished,
    TurnMasked,
    TurnResult,
)
from voicebot.storage.journal import SqlJournal
from voicebot.storage.migrations import _config
from voicebot.storage.schema import calls, knowledge_gaps, turn_words, turns
from voicebot.storage.search import SqlTranscripts
from voicebot.types import CallId, Heard, Language, Mode, Outcome


def said(call: str, number: int, prompt: str, heard: str = "") -> TurnFinished:
    words = Heard(heard, None, 0.9, Mode.SPEECH) if heard else None
    at = 1_000.0 + number
    result = TurnResult.MATCH if heard else TurnResult.SAID
    return TurnFinished(CallId(call), at, number, "ask", prompt, result, words, None)


@pytest.fixture
async def spoken(either: AsyncEngine) -> AsyncEngine:
    """Two calls, the second an hour later."""
    journal = SqlJournal(either)
    await journal.start()
    for event in (
        started("a", at=1_000.0),
        said("a", 1, "How can I help?", "I want a refund for my order"),
        said("a", 2, "Your refund is on its way."),
        started("b", at=4_600.0),
        said("b", 1, "您好，请问有什么可以帮您？", "我要退款，订单4271"),
        said("b", 2, 'O\'Brien AND "NEAR" * (refunds)', "order my coffee"),
    ):
        journal.append(event)
    await journal.stop()
    return either


async def found(
    engine: AsyncEngine, query: str, speaker: Speaker | None = None, **chosen: Any
) -> list[tuple[str, int]]:
    asked = SearchQuery(terms_of(query), speaker, **chosen)
    hits = await SqlTranscripts(engine).find(asked, before=None, limit=50)
    return [(hit.call_id, hit.number) for hit in hits]


async def test_words_are_found_in_what_both_said_the_newest_first(spoken: AsyncEngine) -> None:
    assert await found(spoken, "refund") == [("b", 2), ("a", 2), ("a", 1)]
    assert await found(spoken, "refund", Speaker.CALLER) == [("a", 1)]
    assert await found(spoken, "refund", Speaker.BOT) == [("b", 2), ("a", 2)]
    assert await found(spoken, "refund help") == [("a", 1)]
    assert await found(spoken, '"my order"') == [("a", 1)]
    assert await found(spoken, "order my", Speaker.CALLER) == [("b", 2), ("a", 1)]
    assert await found(spoken, "refund", until=4_600.0) == [("a", 2), ("a", 1)]
    assert await found(spoken, "refund", since=4_600.0) == [("b", 2)]


async def test_a_hit_tells_what_both_said_and_whose_call_it_was(spoken: AsyncEngine) -> None:
    for number, heard, prompt in (
        (1, "I want a refund for my order", "How can I help?"),
        (2, "", "Your refund is on its way."),
    ):
        asked = SearchQuery(terms_of(prompt), None)
        (hit,) = await SqlTranscripts(spoken).find(asked, before=None, limit=50)
        assert (hit.call_id, hit.number, hit.heard, hit.said) == ("a", number, heard, prompt)
        assert (hit.at, hit.step, hit.caller, hit.flow) == (
            1_000.0 + number,
            "ask",
            "alice",
            "main",
        )


async def test_values_of_the_call_narrow_the_search(spoken: AsyncEngine) -> None:
    chosen: dict[str, Any] = {"where": {Split.FLOW: "main", Split.QUEUE: ""}, "caller": "alice"}
    assert await found(spoken, "coffee", **chosen) == [("b", 2)]
    assert await found(spoken, "coffee", where={Split.QUEUE: "support"}) == []
    assert await found(spoken, "coffee", outcome=Outcome.TRANSFERRED) == []


@pytest.mark.parametrize("query", ["退款", "款", "我要退款", "问", "帮您", "4271", '"订单"'])
async def test_chinese_is_found_by_any_piece_of_it(spoken: AsyncEngine, query: str) -> None:
    assert await found(spoken, query) == [("b", 1)]


async def test_characters_that_do_not_stand_together_are_not_found(spoken: AsyncEngine) -> None:
    assert await found(spoken, "要款") == []


@pytest.mark.parametrize(
    "query",
    [
        *("O'Brien", '"', "AND", "NEAR(a b)", "refund*", "heard:refund", "-refund", "\x00", "%_\\"),
        *("a & | ! <-> :*", "(" * 100, "x" * 10_000, "w " * 5_000, "'; DROP TABLE calls; --", "😀"),
    ],
)
async def test_nothing_that_is_typed_breaks_anything(spoken: AsyncEngine, query: str) -> None:
    await found(spoken, query)
    assert await found(spoken, "coffee") == [("b", 2)]


async def test_pages_go_on_where_the_last_one_ended(spoken: AsyncEngine) -> None:
    asked = SearchQuery(terms_of("refund"))
    (first,) = await SqlTranscripts(spoken).find(asked, before=None, limit=1)
    rest = await SqlTranscripts(spoken).find(asked, before=first.place, limit=50)
    assert [(hit.call_id, hit.number) for hit in rest] == [("a", 2), ("a", 1)]


async def test_a_turn_that_goes_or_is_blanked_takes_its_words_along(spoken: AsyncEngine) -> None:
    async with spoken.begin() as connection:
        await connection.execute(update(turns).where(turns.c.call_id == "a").values(prompt=""))
        await connection.execute(delete(calls).where(calls.c.id == "b"))
    assert await found(spoken, "refund") == []
    async with spoken.begin() as connection:
        assert (await connection.execute(select(turn_words.c.id))).all() == []


async def test_what_was_stored_before_is_found_after_the_migration(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(_run, "downgrade")
        row = {"transport": "sip", "caller": "", "callee": "", "flow": "main", "language": "en"}
        for number in range(3):
            at = 10.0 - number
            call = {**row, "id": f"c{number}", "started_at": at, "reason": ""}
            await connection.execute(insert(calls).values(call))
            await connection.execute(
                text(
                    "INSERT INTO turns (call_id, number, at, step, prompt, result, barged_in)"
                    f" VALUES ('c{number}', 1, {at}, 'ask', '退款 {number}', 'said', 0)"
                )
            )
        await connection.run_sync(_run, "upgrade")
    assert await found(engine, "退款") == [("c0", 1), ("c1", 1), ("c2", 1)]


async def test_the_migration_leaves_nothing_behind(either: AsyncEngine) -> None:
    async with either.begin() as connection:
        await connection.run_sync(_run, "downgrade")
        await connection.run_sync(_run, "upgrade")
    assert await found(either, "refund") == []


def _run(connection: Connection, way: str) -> None:
    script = ScriptDirectory.from_config(_config()).get_revision("0015")
    with Operations.context(MigrationContext.configure(connection)):
        getattr(script.module, way)()


async def test_a_turn_that_was_reworded_is_found_by_its_new_words_alone(
    either: AsyncEngine,
) -> None:
    journal = SqlJournal(either)
    await journal.start()
    journal.append(started("c"))
    journal.append(said("c", 1, "Your card?", "it is 4539"))
    journal.append(said("c", 2, "4539, go on.", "5787"))
    await journal.flush()
    journal.append(said("c", 3, "Go on.", "and 6362"))
    for number, prompt, heard in ((2, "••••, go on.", "••••"), (3, "Go on.", "and ••••")):
        reworded = Heard(heard, "••••", 0.9, Mode.SPEECH)
        journal.append(TurnMasked(CallId("c"), 1_009.0, number, prompt, reworded))
    gap = QuestionUnanswered(CallId("c"), 1_002.0, Language("en-US"), "5787", "", 0.0)
    journal.append(gap)
    journal.append(QuestionMasked(CallId("c"), 1_002.0, "••••"))
    await journal.stop()
    assert journal.stats.failed == 0
    assert [await found(either, word) for word in ("5787", "6362")] == [[], []]
    assert await found(either, "4539") == [("c", 1)]
    assert sorted(await found(either, "go on")) == [("c", 2), ("c", 3)]
    assert await found(either, "and") == [("c", 3)]
    async with either.connect() as connection:
        rows = (await connection.execute(select(turns).order_by(turns.c.number))).mappings().all()
        texts = (await connection.execute(select(knowledge_gaps.c.text))).scalars().all()
    assert [row["heard_semantics"] for row in rows] == [None, "••••", "••••"]
    assert texts == ["••••"]
