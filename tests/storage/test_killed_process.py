"""A process killed in the middle of its work loses nothing that was written."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.killed_writer import kill_after
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.journal import STOPPED_DURING_CALL, SqlJournal
from voicebot.storage.schema import calls, turn_words, turns
from voicebot.types import CallId, Outcome

WRITER = Path(__file__).with_name("endless_writer.py")


async def test_every_turn_written_before_the_kill_is_there(
    engine: AsyncEngine, database_url: str
) -> None:
    last = kill_after(25, WRITER, database_url, "turns")

    journal = SqlJournal(engine)
    assert await journal.start() == 1
    await journal.stop()
    call = await SqlCallArchive(engine).get_call(CallId("a"))
    assert call is not None
    numbers = [turn.index for turn in call.turns]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= last
    assert (call.outcome, call.reason) == (Outcome.FAILED, STOPPED_DURING_CALL)
    assert call.ended_at == call.turns[-1].at


async def test_no_contact_of_thousands_written_before_the_kill_is_lost(
    engine: AsyncEngine, database_url: str
) -> None:
    last = kill_after(30, WRITER, database_url, "contacts")
    assert last >= 3000
    whole = (
        select(calls.c.id)
        .join(turns, turns.c.call_id == calls.c.id)
        .join(turn_words, turn_words.c.call_id == calls.c.id)
        .where(calls.c.answered_at.is_not(None), calls.c.outcome == Outcome.SELF_SERVED.value)
        .where(turns.c.heard_text != "")
    )
    async with engine.connect() as connection:
        found = set((await connection.execute(whole)).scalars())
    assert found >= {f"c{number}" for number in range(1, last + 1)}
