"""How fast old records go from a large store, and how long the journal waits meanwhile.

    python -m benchmarks.retention [CONTACTS] [URL]

A month of contacts with a turn each is written to a fresh SQLite file, or to the PostgreSQL of the
URL (its tables are emptied). Then the oldest half goes, kind by kind: words, numbers, whole calls.
First as a running server does it, a piece and a breath (`PIECES` of them), then the rest as
`voicebot tidy` does, with breaths as long as the pieces. All the while calls are written down, four
facts each, and each tells how long it took from the first fact to the commit of the last.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.ledger import BATCH, DAYS, NOW, fill
from voicebot.analytics.search import indexed
from voicebot.analytics.totals import DAY_S
from voicebot.events import CallAnswered, CallEnded, CallStarted, TurnFinished, TurnResult
from voicebot.privacy import BREATH_S
from voicebot.storage.database import WRITES, open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.migrations import upgrade
from voicebot.storage.schema import turn_words, turns
from voicebot.storage.tidying import Kind, SqlTidying
from voicebot.types import CallId, Heard, Language, Mode, Outcome

CONTACTS = 1_000_000
PIECES = 100
EVERY_S = 0.05
KINDS = (Kind.TRANSCRIPTS, Kind.NUMBERS, Kind.CALLS)
PROMPT, HEARD = "How can I help you today?", "I would like to know where my order is please"


class Arrivals:
    """Calls that come in while others are tidied away; ``delays_ms`` of the journal."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._journal = SqlJournal(engine)
        self.delays_ms: list[float] = []

    async def run(self) -> None:
        await self._journal.start()
        for number in count():
            call, at = CallId(f"new-{number}"), NOW + number
            began = time.perf_counter()
            self._journal.append(
                CallStarted(call, at, "sip", f"+1666{number:07}", "shop", "main", Language("en"))
            )
            self._journal.append(CallAnswered(call, at))
            heard = Heard(HEARD, None, 0.9, Mode.SPEECH)
            self._journal.append(
                TurnFinished(call, at + 1, 1, "start", PROMPT, TurnResult.MATCH, heard, None)
            )
            self._journal.append(CallEnded(call, at + 9, Outcome.SELF_SERVED, "goodbye"))
            await self._journal.flush()
            self.delays_ms.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(EVERY_S)

    def told(self) -> str:
        """The delays since it was last asked."""
        delays, self.delays_ms = self.delays_ms, []
        if len(delays) < 2:
            return "journal: too few calls"
        p95 = statistics.quantiles(delays, n=20)[-1]
        median = statistics.median(delays)
        return f"journal {median:.0f} ms, p95 {p95:.0f}, at most {max(delays):.0f}"


def spoken(contacts: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    prompt, heard = indexed(PROMPT), indexed(HEARD)
    for number in range(contacts):
        key = {"call_id": f"{number:032x}", "number": 1}
        at = NOW - DAYS * DAY_S * (1 - number / contacts)
        said = {"at": at, "step": "ask", "prompt": PROMPT, "result": "match", "barged_in": False}
        told = {"heard_mode": "speech", "heard_text": HEARD, "heard_confidence": 0.9}
        yield {**key, **said, **told}, {**key, "heard": heard, "said": prompt}


async def fill_turns(engine: AsyncEngine, contacts: int) -> None:
    rows = spoken(contacts)
    async with engine.execution_options(**WRITES).begin() as connection:
        await connection.execute(delete(turns))
        while batch := [row for _, row in zip(range(BATCH), rows, strict=False)]:
            await connection.execute(insert(turns), [turn for turn, _ in batch])
            await connection.execute(insert(turn_words), [words for _, words in batch])
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("ANALYZE"))


async def tidy(tidying: SqlTidying, kind: Kind, pieces: int | None, breath_s: float) -> str:
    """Do so many pieces, or all there are; tells how fast it went."""
    took: list[float] = []
    rows, began = 0, time.perf_counter()
    while pieces is None or len(took) < pieces:
        before = time.perf_counter()
        piece = await tidying.piece(kind, NOW - DAYS / 2 * DAY_S)
        took.append(1000 * (time.perf_counter() - before))
        rows += piece.rows
        if not piece.more:
            break
        await asyncio.sleep(max(breath_s, took[-1] / 1000))
    spent = time.perf_counter() - began
    return (
        f"{rows:7} rows in {spent:5.1f} s; a piece {statistics.median(took):.0f} ms, "
        f"at most {max(took):.0f}"
    )


async def measure(url: str, contacts: int) -> None:
    await upgrade(url)
    engine = open_database(url)
    print(f"{contacts} contacts over {DAYS} days, {engine.dialect.name}")
    await fill(engine, contacts)
    await fill_turns(engine, contacts)
    arrivals = Arrivals(engine)
    calls = asyncio.create_task(arrivals.run())
    await asyncio.sleep(5.0)
    print(f"  nothing tidied: {arrivals.told()}", flush=True)
    tidying = SqlTidying(engine)
    for kind in KINDS:
        for name, pieces, breath_s in (("by and by", PIECES, BREATH_S), ("at once", None, 0.0)):
            done = await tidy(tidying, kind, pieces, breath_s)
            print(f"  {kind.value:11} {name:9} {done}; {arrivals.told()}", flush=True)
    calls.cancel()
    await asyncio.gather(calls, return_exceptions=True)
    await engine.dispose()


def main() -> None:
    contacts = int(sys.argv[1]) if len(sys.argv) > 1 else CONTACTS
    if len(sys.argv) > 2:
        asyncio.run(measure(sys.argv[2], contacts))
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(f"sqlite:///{folder}/calls.db", contacts))


if __name__ == "__main__":
    main()
