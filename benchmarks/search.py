"""How fast words are found in a large record of turns, and how fast old turns are indexed.

So many turns (`TURNS`, or the first argument), English and Chinese, three in a call, are written to
a fresh SQLite file, or to the PostgreSQL that the second argument names (its tables are emptied).
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.stores import run_on_store
from voicebot.analytics.search import SearchQuery, indexed, terms_of
from voicebot.storage.database import WRITES, open_database
from voicebot.storage.migrations import upgrade
from voicebot.storage.schema import calls, turn_words, turns
from voicebot.storage.search import SqlTranscripts

TURNS = 1_000_000
CALLS_AT_ONCE = 2000
ROUNDS = 5
NOW = 1_800_000_000.0
ENGLISH = """
I would like to know where my order is please can you help me with a refund for the coffee machine
that came broken yesterday and send the invoice to my new address in town
"""
CHINESE = "我要退款订单还没有到请问什么时候发货可以换地址吗谢谢你帮我查一下发票"
QUERIES = ("order", "refund invoice", '"broken yesterday"', "voucher", "退款", "款", "order 4271")


def spoken(dice: random.Random) -> str:
    if dice.random() < 0.2:
        begin = dice.randrange(len(CHINESE) - 8)
        return CHINESE[begin : begin + 8]
    number = f" {dice.randrange(10_000):04}" if dice.random() < 0.3 else ""
    return " ".join(dice.choices(ENGLISH.split(), k=8)) + number


def written(number: int) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    dice = random.Random(8)
    for first in range(0, number // 3, CALLS_AT_ONCE):
        made: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
        for call in range(first, min(first + CALLS_AT_ONCE, number // 3)):
            at = NOW + call
            row = {"transport": "sip", "caller": "", "callee": "", "flow": "main", "language": "en"}
            made[0].append({**row, "id": f"{call:032x}", "started_at": at, "reason": ""})
            for turn in range(3):
                said = {"step": "ask", "prompt": "How can I help you today?", "result": "match"}
                made[1].append(
                    {
                        "call_id": f"{call:032x}",
                        "number": turn,
                        "at": at + turn,
                        **said,
                        "heard_mode": "speech",
                        "heard_text": spoken(dice),
                        "barged_in": False,
                    }
                )
        yield made


async def fill(engine: AsyncEngine, number: int) -> None:
    """Give the turns, and their words as the migration does."""
    cutting = 0.0
    began = time.perf_counter()
    async with engine.execution_options(**WRITES).begin() as connection:
        await connection.execute(delete(calls))
        for callers, told in written(number):
            await connection.execute(insert(calls), callers)
            await connection.execute(insert(turns), told)
            cut = time.perf_counter()
            words = [
                {
                    "call_id": each["call_id"],
                    "number": each["number"],
                    "heard": indexed(each["heard_text"]),
                    "said": indexed(each["prompt"]),
                }
                for each in told
            ]
            await connection.execute(insert(turn_words), words)
            cutting += time.perf_counter() - cut
    print(f"  written in {time.perf_counter() - began:.0f} s, {cutting:.0f} s of it for the index")
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("ANALYZE"))


async def measure(url: str, number: int) -> None:
    await upgrade(url)
    engine = open_database(url)
    print(f"{number} turns, {engine.dialect.name}")
    await fill(engine, number)
    transcripts = SqlTranscripts(engine)
    everything: list[float] = []
    for query in QUERIES:
        times: list[float] = []
        found = 0
        for _ in range(ROUNDS):
            began = time.perf_counter()
            asked = SearchQuery(terms_of(query))
            found = len(await transcripts.find(asked, before=None, limit=51))
            times.append(time.perf_counter() - began)
        everything += times
        print(f"  {query:24} {1000 * statistics.median(times):6.0f} ms, {found} on the first page")
    print(f"  any query: p95 {1000 * statistics.quantiles(everything, n=20)[-1]:.0f} ms")
    await engine.dispose()


if __name__ == "__main__":
    run_on_store(measure, TURNS)
