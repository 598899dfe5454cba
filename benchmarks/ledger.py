"""How fast the ledger answers over a large record, and what keeping it costs.

A record of so many contacts (`CONTACTS`, or the first argument) over a month is written to a fresh
SQLite file, or to the PostgreSQL that the second argument names (its tables are emptied; a few
hours are folded with its just-in-time compiler first, which we switch off). All hours but the last
two are folded; then pages of the history are asked for one after the other, over
different intervals, as the API asks for them, and lists of the calls behind a number. Last, calls
are written by the journal as they come. Beside the time on the clock stands that of the processor,
which others on the machine do not lengthen as much.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, event, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.journal_calls import write_calls
from benchmarks.stores import run_on_store
from voicebot.analytics.history import Every, HistoryQuery, Span, Split, read_history
from voicebot.analytics.totals import DAY_S, HOUR_S, Fact, Rules
from voicebot.sessions.records import CallQuery
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.database import WRITES, open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.migrations import upgrade
from voicebot.storage.schema import calls
from voicebot.types import Outcome

CONTACTS = 1_000_000
BATCH = 5000
NOW = float(500_000 * HOUR_S)
DAYS = 30
ROUNDS = 5
INGESTED = 10_000
COMPARED = 48
BERLIN = ZoneInfo("Europe/Berlin")


def rows(contacts: int, dice: random.Random) -> Iterator[dict[str, Any]]:
    agents = [f"agent-{number}" for number in range(60)]
    for number in range(contacts):
        at = NOW - DAYS * DAY_S * (1 - number / contacts)
        caller = dice.randrange(contacts // 3)
        outcome = dice.choices(
            [Outcome.SELF_SERVED, Outcome.TRANSFERRED, Outcome.ABANDONED_IN_FLOW, Outcome.REFUSED],
            [60, 25, 13, 2],
        )[0]
        served = outcome is Outcome.TRANSFERRED
        yield {
            "id": f"{number:032x}",
            "transport": dice.choices(["sip", "webrtc", "audiosocket"], [90, 8, 2])[0],
            "caller": f"+1555{caller:07}",
            "callee": "shop",
            "flow": dice.choices(["main", "sales"], [8, 2])[0],
            "language": dice.choices(["en-US", "zh-CN"], [9, 1])[0],
            "started_at": at,
            "answered_at": None if outcome is Outcome.REFUSED else at,
            "ended_at": at + 90,
            "outcome": outcome.value,
            "reason": "the call came to its end",
            "number": f"+1555{caller:07}",
            "matter": dice.choice(["order", "return", "invoice", "hours", "delivery", None]),
            "customer": str(caller),
            "queue": dice.choice(["support", "returns"]) if served else None,
            "agent": dice.choice(agents) if served else None,
            "waited_s": dice.random() * 60 if served else None,
            "handled_s": dice.random() * 300 if served else None,
            "wrapped_s": 20.0 if served else None,
        }


async def fill(engine: AsyncEngine, contacts: int) -> None:
    dice = random.Random(8)
    batch: list[dict[str, Any]] = []
    async with engine.execution_options(**WRITES).begin() as connection:
        await connection.execute(delete(calls))
        for row in rows(contacts, dice):
            batch.append(row)
            if len(batch) == BATCH:
                await connection.execute(insert(calls), batch)
                batch.clear()
        if batch:
            await connection.execute(insert(calls), batch)
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("ANALYZE"))


def pages() -> Iterator[tuple[str, HistoryQuery]]:
    month, week = Span(NOW - DAYS * DAY_S, NOW), Span(NOW - 7 * DAY_S, NOW)
    crooked = Span(NOW - DAYS * DAY_S + 1234, NOW - 2345)
    inbound = {Split.DIRECTION: "inbound"}
    support = {**inbound, Split.QUEUE: "support"}
    for split in Split:
        yield f"month by {split}", HistoryQuery(month, BERLIN, inbound, split)
    for every in Every:
        yield f"month by {every}", HistoryQuery(month, BERLIN, inbound, None, every)
    yield "month by intent and day", HistoryQuery(month, BERLIN, inbound, Split.INTENT, Every.DAY)
    yield "month by agent and day", HistoryQuery(month, BERLIN, inbound, Split.AGENT, Every.DAY)
    yield "month of a queue by intent", HistoryQuery(month, BERLIN, support, Split.INTENT)
    yield "month, no whole hours", HistoryQuery(crooked, BERLIN, inbound, Split.FLOW)
    yield "week by queue and hour", HistoryQuery(week, BERLIN, inbound, Split.QUEUE, Every.HOUR)


def lists() -> Iterator[tuple[str, CallQuery]]:
    """The calls behind some numbers."""
    month = CallQuery(since=NOW - DAYS * DAY_S, until=NOW, now=NOW)
    yield "calls of a queue", replace(month, where={"queue": "support"})
    yield "calls of an agent", replace(month, where={"agent": "agent-7"})
    yield "repeated calls", replace(month, fact=Fact.REPEATS)
    yield "calls of nobody's", replace(month, where={"agent": "nobody"})


@dataclass
class Times:
    """Seconds on the clock and of the processor."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    async def measure(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Do ``work`` a few times and tell how long it took."""
        own = Times()
        for _ in range(ROUNDS):
            began = time.process_time()
            own.clock.append(await timed(work))
            own.processor.append(time.process_time() - began)
        clock, processor = statistics.median(own.clock), statistics.median(own.processor)
        print(f"  {name:28} {1000 * clock:6.0f} ms, processor {1000 * processor:6.0f} ms")
        self.clock += own.clock
        self.processor += own.processor

    @property
    def p95(self) -> str:
        clock, processor = (
            1000 * statistics.quantiles(each, n=20)[-1] for each in (self.clock, self.processor)
        )
        return f"p95 {clock:.0f} ms, processor {processor:.0f} ms"


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def compiled_or_not(url: str, ledger: SqlLedger) -> str:
    """How long PostgreSQL folds some hours with its compiler, and as many without."""
    engine = open_database(url)

    @event.listens_for(engine.sync_engine, "connect")
    def compile_all(connection: Any, _record: object) -> None:
        connection.run_async(lambda plain: plain.execute("SET jit = on"))

    now = NOW - 2 * HOUR_S
    slow = await timed(partial(SqlLedger(engine, Rules()).fold, now, COMPARED))
    fast = await timed(partial(ledger.fold, now, COMPARED))
    await engine.dispose()
    return f"compiled {slow:.1f} s, not compiled {fast:.1f} s"


async def measure(url: str, contacts: int) -> None:
    await upgrade(url)
    engine = open_database(url)
    ledger = SqlLedger(engine, Rules())
    print(f"{contacts} contacts over {DAYS} days, {engine.dialect.name}")
    print(f"  written in {await timed(lambda: fill(engine, contacts)):.0f} s")
    await ledger.start()
    await ledger.rebuild()

    async def fold_all() -> None:
        while await ledger.fold(NOW - 2 * HOUR_S):
            pass

    if engine.dialect.name == "postgresql":
        print(f"  {COMPARED} hours folded, {await compiled_or_not(url, ledger)}")
    print(f"  folded in {await timed(fold_all):.0f} s; the last two hours are not")
    figures, calls_ = Times(), Times()
    for name, query in pages():
        await figures.measure(name, partial(read_history, ledger, query, NOW))
    print(f"  any page: {figures.p95}")
    archive = SqlCallArchive(engine, Rules())
    for name, listed in lists():
        await calls_.measure(name, partial(archive.list_calls, listed))
    print(f"  any list: {calls_.p95}")
    journal = SqlJournal(engine, capacity=5 * INGESTED)
    print(f"  journal: {await write_calls(journal, INGESTED, since=NOW):.0f} contacts a second")
    await engine.dispose()


if __name__ == "__main__":
    run_on_store(measure, CONTACTS)
