"""Whatever happens on the way, a receiver hears of every call that was written down."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from tests.peers.ports import free_ports
from tests.storage.killed_writer import kill_after
from voicebot.actions.http import new_client
from voicebot.notices.delivery import Delivery
from voicebot.notices.model import Hook
from voicebot.notices.payload import Teller
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.migrations import upgrade
from voicebot.storage.notices import SqlNotices

WRITER = Path(__file__).with_name("endless_calls.py")
HOOK = Hook("crm", "", "s" * 32, give_up_s=1e12, timeout_s=0.15)


@dataclass
class BadReceiver:
    """Breaks the line, answers 500, says nothing, and takes what comes, in turn."""

    taken: list[tuple[str, str]] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        turn = self.connections % 4
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            told = json.loads(await reader.readexactly(length))
            if turn == 1:
                return
            if turn == 2:
                await asyncio.sleep(0.3)
            status = "500 Oh" if turn == 3 else "204 OK"
            writer.write(f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
            if turn == 0:
                self.taken.append((told["call"], told["kind"]))
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def listening(receiver: BadReceiver) -> AsyncIterator[str]:
    port = free_ports(1)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.close()
        await server.wait_closed()


async def test_calls_of_a_killed_process_reach_a_receiver_that_misbehaves(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    await upgrade(url)
    written = kill_after(6, WRITER, url)
    engine = open_database(url)
    journal = SqlJournal(engine, telling=Teller([HOOK]))
    assert await journal.start() >= written
    await journal.stop()
    receiver = BadReceiver()
    async with listening(receiver) as address, new_client() as client:
        await _deliver(SqlNotices(engine), replace(HOOK, url=address), client)
    await engine.dispose()
    for number in range(1, written + 1):
        told = [kind for call, kind in receiver.taken if call == f"call-{number}"]
        assert list(dict.fromkeys(told)) == ["call.started", "call.answered", "call.ended"]


async def _deliver(store: SqlNotices, hook: Hook, client: httpx.AsyncClient) -> None:
    """Send until nothing waits; the pauses between tries are jumped over."""
    clock = itertools.count(10_000_000, 700)
    delivery = Delivery(hook, store, client, clock=lambda: float(next(clock)))
    async with asyncio.timeout(60):
        while await store.waiting(hook.name):
            await delivery.send_due()
