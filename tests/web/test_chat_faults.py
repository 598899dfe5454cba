"""Connections that break at random moments: no message is lost, none comes twice."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from benchmarks.chat_pages import Client, begun
from tests.sessions.chat_house import house
from tests.web.chat_server import chat_server
from voicebot.web.api.chat import ChatRules

PAGES = 6
MESSAGES = 10
WORDS = ("opening hours", "openning huors")


async def _write_and_break(client: Client, chance: random.Random) -> None:
    for number in range(MESSAGES):
        await client.say(f"d{number}", chance.choice(WORDS))
        await asyncio.sleep(chance.uniform(0, 0.05))
        client.break_off()
        if client.socket is None:
            await asyncio.sleep(chance.uniform(0, 0.1))


async def test_broken_connections_neither_lose_nor_double(tmp_path: Path) -> None:
    rules = ChatRules(opens_per_minute=1000, messages_per_minute=10_000)
    async with chat_server(house(tmp_path), rules) as server:
        clients = [await begun(server.http, server.url) for _ in range(PAGES)]
        holding = [asyncio.create_task(client.hold()) for client in clients]
        try:
            async with asyncio.timeout(180):
                while any(client.socket is None for client in clients):
                    await asyncio.sleep(0.01)
                await asyncio.gather(
                    *(_write_and_break(each, random.Random(n)) for n, each in enumerate(clients))
                )
                while any(client.unsent or client.unanswered for client in clients):
                    await asyncio.sleep(0.01)
        finally:
            for task in holding:
                task.cancel()
            await asyncio.gather(*holding, return_exceptions=True)
        for client in clients:
            view = await server.chats.view(client.conversation, 0)
            ids = [line.client_id for line in view.lines if line.client_id]
            assert sorted(ids) == sorted(f"d{n}" for n in range(MESSAGES))
            shown = [line["cursor"] for line in client.lines]
            assert shown == list(range(1, len(shown) + 1))
        assert sum(client.broken for client in clients) >= PAGES
