"""A process killed in the middle of a call loses no turn that was written."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.journal import STOPPED_DURING_CALL, SqlJournal
from voicebot.types import CallId, Outcome

WRITER = Path(__file__).with_name("endless_writer.py")


async def test_every_turn_written_before_the_kill_is_there(
    engine: AsyncEngine, database_url: str
) -> None:
    last = _kill_after(database_url, turns=25)

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


def _kill_after(url: str, *, turns: int) -> int:
    """Run the writer, kill it with -9 while it writes; gives the last turn it said was written."""
    with subprocess.Popen(
        [sys.executable, str(WRITER), url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as writer:
        assert writer.stdout is not None
        for _ in range(turns):
            assert writer.stdout.readline(), "the writer ended before it was killed"
        writer.kill()
        # What it printed between our last line and the kill counts too.
        said = writer.stdout.read().splitlines(keepends=True)
    assert writer.returncode == -signal.SIGKILL
    whole = [line for line in said if line.endswith("\n")]
    return int(whole[-1]) if whole else turns
