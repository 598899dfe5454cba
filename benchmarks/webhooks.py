"""What telling other programs costs the journal, and how fast they are told.

Calls are written as they come: to nobody's ears, then with two webhooks that want everything. One
receiver takes what it gets in 20 ms, the other never answers.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import replace

import httpx

from benchmarks.journal_calls import write_calls
from voicebot.notices.delivery import Delivery
from voicebot.notices.model import Hook
from voicebot.notices.payload import Teller
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.migrations import upgrade
from voicebot.storage.notices import SqlNotices

CALLS = 1000
QUICK_S = 0.02
HOOK = Hook("quick", "http://receiver.example/", "s" * 32)
HOOKS = (HOOK, replace(HOOK, name="silent", timeout_s=2.0))


async def receive(request: httpx.Request) -> httpx.Response:
    silent = request.headers["x-hook"] == "silent"
    await asyncio.sleep(3600 if silent else QUICK_S)
    return httpx.Response(204)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/calls.db"
        await upgrade(url)
        engine = open_database(url)
        store = SqlNotices(engine)
        since = time.time() - 3 * CALLS  # all of it is past, and due
        await write_calls(SqlJournal(engine), CALLS, since=since)  # for what is compiled once
        alone = await write_calls(SqlJournal(engine), CALLS, since=since, first=CALLS)
        print(f"journal alone: {alone:.0f} calls a second")
        deliveries = [Delivery(hook, store, _client(hook.name)) for hook in HOOKS]

        def stir() -> None:
            for each in deliveries:
                each.stir()

        teller = Teller(HOOKS, stir)
        tasks = [asyncio.create_task(each.run()) for each in deliveries]
        journal = SqlJournal(engine, telling=teller)
        told = await write_calls(journal, CALLS, since=since, first=2 * CALLS)
        print(f"with two webhooks: {told:.0f} calls a second")
        began, before = time.perf_counter(), deliveries[0].counters.delivered
        while await store.waiting("quick"):
            await asyncio.sleep(0.05)
        sent = deliveries[0].counters.delivered - before
        print(f"delivered: {sent / (time.perf_counter() - began):.0f} notices a second")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await engine.dispose()


def _client(name: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(receive), headers={"X-Hook": name})


if __name__ == "__main__":
    asyncio.run(main())
