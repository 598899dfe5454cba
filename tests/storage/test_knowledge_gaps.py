"""Questions that nothing answered: written with their call, read back, gone with it."""

from __future__ import annotations

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.events import CallStarted, QuestionUnanswered
from voicebot.storage.gaps import read_gaps
from voicebot.storage.journal import SqlJournal
from voicebot.storage.schema import calls
from voicebot.types import CallId, Language

CALL = CallId("call-1")
ENGLISH = Language("en-US")
STARTED = CallStarted(CALL, 1.0, "loopback", "100", "200", "main", ENGLISH)


def gap(at: float, words: str, nearest: str = "pay") -> QuestionUnanswered:
    return QuestionUnanswered(CALL, at, ENGLISH, words, nearest, 0.125)


async def write(engine: AsyncEngine, *events: CallStarted | QuestionUnanswered) -> None:
    journal = SqlJournal(engine)
    await journal.start()
    for event in events:
        journal.append(event)
    await journal.stop()


async def test_gaps_are_read_back_newest_first(engine: AsyncEngine) -> None:
    first, second = gap(2.0, "are you hiring"), gap(3.0, "do you sell 狗粮", "")

    await write(engine, STARTED, first, second)

    assert await read_gaps(engine) == [second, first]
    assert await read_gaps(engine, limit=1) == [second]
    assert await read_gaps(engine, since=2.5) == [second]


async def test_a_gap_that_is_told_twice_is_one_row(engine: AsyncEngine) -> None:
    await write(engine, STARTED, gap(2.0, "hm"), gap(2.0, "hm"))

    assert len(await read_gaps(engine)) == 1


async def test_the_words_go_when_the_call_goes(engine: AsyncEngine) -> None:
    await write(engine, STARTED, gap(2.0, "are you hiring"))

    async with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1
        await connection.execute(delete(calls))

    assert await read_gaps(engine) == []
