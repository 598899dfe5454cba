"""A process killed in the middle of a call loses no turn that was written."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.killed_writer import kill_after
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.journal import STOPPED_DURING_CALL, SqlJournal
from voicebot.types import CallId, Outcome

WRITER = Path(__file__).with_name("endless_writer.py")


async def test_every_turn_written_before_the_kill_is_there(
    engine: AsyncEngine, database_url: str
) -> None:
    last = kill_after(25, WRITER, database_url)

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
