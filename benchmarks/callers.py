"""What it costs a call to know its caller: look-ups by number and by customer in a large record.

A record of so many contacts (`CONTACTS`, or the first argument) over a month is written to a fresh
SQLite file, or to the PostgreSQL that the second argument names (its tables are emptied). Then
random callers are looked up one after the other, as flows are told of them; one caller in a
thousand is a call centre of its own, with a contact every few minutes.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.stores import run_on_store
from voicebot.sessions.history import DAY_S, Contact, told
from voicebot.storage.database import WRITES, open_database
from voicebot.storage.history import SqlHistories
from voicebot.storage.migrations import upgrade
from voicebot.storage.schema import calls

CONTACTS = 1_000_000
LOOK_UPS = 2000
BATCH = 5000
NOW = 1_800_000_000.0
DAYS = 30
BUSY = 1000
"""Contacts of one in so many go to the same few callers."""


def rows(contacts: int, dice: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(contacts):
        at = NOW - DAYS * DAY_S * (1 - number / contacts)
        caller = dice.randrange(10) if number % BUSY == 0 else dice.randrange(contacts // 3)
        yield {
            "id": f"{number:032x}",
            "transport": "sip",
            "caller": f"+1555{caller:07}",
            "callee": "shop",
            "flow": "main",
            "language": "en-US",
            "started_at": at,
            "answered_at": at + 1,
            "ended_at": at + 90,
            "outcome": "self_served",
            "reason": "the call came to its end",
            "number": f"+1555{caller:07}",
            "matter": "order",
            "matter_details": {"number": f"{caller % 10_000:04}"},
            "matter_open": number % 3 == 0,
            "customer": str(caller),
        }


async def fill(engine: AsyncEngine, contacts: int) -> None:
    dice = random.Random(6)
    writing = engine.execution_options(**WRITES)
    batch: list[dict[str, Any]] = []
    for row in rows(contacts, dice):
        batch.append(row)
        if len(batch) == BATCH or int(row["id"], 16) == contacts - 1:
            async with writing.begin() as connection:
                await connection.execute(insert(calls), batch)
            batch.clear()


async def times(
    look_up: Callable[[str], Awaitable[tuple[Contact, ...]]], keys: Iterator[str]
) -> tuple[list[float], int]:
    """Milliseconds of each look-up with what is made of it, and how many contacts came back."""
    taken, found = [], 0
    for key in keys:
        began = time.perf_counter()
        contacts = await look_up(key)
        told(contacts, NOW)
        taken.append((time.perf_counter() - began) * 1000)
        found += len(contacts)
    return taken, found


async def measure(url: str, contacts: int) -> None:
    await upgrade(url)
    engine = open_database(url)
    async with engine.execution_options(**WRITES).begin() as connection:
        await connection.execute(delete(calls))
    began = time.perf_counter()
    await fill(engine, contacts)
    print(f"{contacts} contacts written in {time.perf_counter() - began:.0f} s")
    histories = SqlHistories(engine)
    since = NOW - 7 * DAY_S

    async def by_number(key: str) -> tuple[Contact, ...]:
        return await histories.by_number(f"+1555{key}", since=since, until=NOW, limit=20)

    async def by_customer(key: str) -> tuple[Contact, ...]:
        return await histories.by_customer(key, since=since, until=NOW, limit=20)

    dice = random.Random(7)
    some = [dice.randrange(contacts // 3) for _ in range(LOOK_UPS)]
    for name, look_up, keys in (
        ("by number", by_number, [f"{caller:07}" for caller in some]),
        ("by customer", by_customer, [str(caller) for caller in some]),
        ("busiest callers", by_number, [f"{caller % 10:07}" for caller in some]),
    ):
        taken, found = await times(look_up, iter(keys))
        p95 = statistics.quantiles(taken, n=100)[94]
        print(
            f"{name:16} median {statistics.median(taken):.2f} ms, p95 {p95:.2f} ms, "
            f"longest {max(taken):.1f} ms, {found / len(taken):.1f} contacts each"
        )
    await engine.dispose()


if __name__ == "__main__":
    run_on_store(measure, CONTACTS)
