"""Conversations in text under load: replies, lost networks, and the weight of the page.

A server in a process of its own, with the flows in ``chat_shop`` and an SQLite database; clients
here hold a WebSocket each. First a thousand conversations are open and each writes every twenty
seconds or so; then a thousand connections are broken at random moments, messages under way, by
clients that come back and send again, while the server is killed and started anew a few times, and
every line is looked for. Where there is a Chromium the page is opened over a slow network last
(400 ms there and back, 400 kbit/s).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import cast

import httpx
import numpy as np

from benchmarks.chat_pages import Client, begun
from voicebot.actions.seed import seed_samples
from voicebot.application import load_application
from voicebot.chatting import Chatting
from voicebot.config import Settings
from voicebot.config.sections import ServerSettings
from voicebot.config.text import TextSettings
from voicebot.config.webrtc import WebRtcSettings
from voicebot.engines import SpeechEngines
from voicebot.front_desk import FrontDesk
from voicebot.live.edition import Editions, Press
from voicebot.logs import configure_logging
from voicebot.sessions.callers import Callers
from voicebot.sessions.feed import EventFeed
from voicebot.sessions.outbound import DialReport
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade
from voicebot.telephony.webrtc import WebRtcDoor
from voicebot.types import CallId, Language, Samples
from voicebot.web.application import create_app
from voicebot.web.server import HttpServer

SHOP = Path(__file__).with_name("chat_shop")
SAID = ("opening hours", "4271", "what are your ofers", "openning hours", "1038")
UNDERSTOOD = ("opening hours", "openning hours", "4271")
EVERY_S = 20.0
PAUSE_S = 5.0
READY = "serving "


class Silence:
    """Engines that say nothing: text needs none."""

    languages = frozenset({Language("en-US")})

    def voice(self, language: Language) -> str:
        return "silence"

    async def synthesize(self, text: str, rate: int, *, language: Language) -> Samples:
        return np.zeros(rate // 10, np.int16)


async def serve(folder: Path, port: int) -> None:
    """The server; says where it is and stays until it is killed."""
    configure_logging("error")
    settings = Settings(
        server=ServerSettings(application=SHOP, data=folder),
        text=TextSettings(opens_per_minute=100_000, messages_per_minute=100_000),
        webrtc=WebRtcSettings(enabled=False),
    )
    await upgrade(settings.database_url)
    await seed_samples(SHOP, folder, settings.databases)
    press = Press(settings, cast("SpeechEngines", Silence()))
    editions = Editions(press.make(load_application(settings)))
    editions.current.application.compile_grammars()
    engine = open_database(settings.database_url)
    chatting = Chatting(
        settings,
        engine,
        editions,
        Callers(None),
        lambda event: None,
        url=lambda: "",
        order=lambda order: DialReport(CallId("nobody")),
    )
    await chatting.start()
    app = create_app(
        archive=SqlCallArchive(engine),
        feed=EventFeed(),
        readiness=dict,
        metric_sources=[],
        version="0",
        staff=FrontDesk(settings, engine).side,
        routers=chatting.routers(cast("WebRtcDoor", None)),
    )
    server = HttpServer(app, "127.0.0.1", port)
    await server.start()
    print(f"{READY}{server.url}", flush=True)
    await asyncio.Event().wait()


async def replies(clients: Sequence[Client], seconds: float) -> None:
    """Everybody writes now and then."""
    ends = time.monotonic() + seconds

    async def write(client: Client, number: int) -> None:
        await asyncio.sleep(random.uniform(0, EVERY_S))
        turn = 0
        while time.monotonic() < ends and not client.over:
            await client.say(f"r{turn}", SAID[(number + turn) % len(SAID)])
            turn += 1
            await asyncio.sleep(EVERY_S * random.uniform(0.7, 1.3))

    await asyncio.gather(*(write(client, number) for number, client in enumerate(clients)))
    await asyncio.sleep(2)
    took = sorted(ms for client in clients for ms in client.replies_ms)
    unanswered = sum(len(client.sent_at) for client in clients)
    print(f"replies: {len(clients)} open conversations, {len(took)} messages in {seconds:.0f} s")
    over = sum(client.over for client in clients)
    print(
        f"  median {statistics.median(took):.0f} ms, p95 {took[int(len(took) * 0.95)]:.0f} ms, "
        f"worst {took[-1]:.0f} ms; unanswered {unanswered}, "
        f"conversations that ended by themselves {over}"
    )


async def disconnects(clients: Sequence[Client], wanted: int, server: Server, kills: int) -> None:
    """Break connections at random while everybody writes, and kill the server now and then; then
    look for every message."""
    each = max(1, wanted // len(clients))

    async def write(client: Client) -> None:
        for turn in range(each):
            await asyncio.sleep(random.uniform(0, 2 * PAUSE_S))
            await client.say(f"d{turn}", random.choice(UNDERSTOOD))
            # Before the server has it, while it answers, and after it has.
            await asyncio.sleep(random.choice((0, random.uniform(0, 0.03), random.uniform(0, 0.3))))
            while client.socket is None:
                await asyncio.sleep(0.01)
            client.break_off()

    async def kill() -> None:
        for _ in range(kills):
            await asyncio.sleep(random.uniform(PAUSE_S / 2, PAUSE_S))
            await server.kill()
            await server.start()

    await asyncio.gather(kill(), *(write(client) for client in clients))
    ends = time.monotonic() + 60
    while any(client.unsent for client in clients) and time.monotonic() < ends:
        await asyncio.sleep(0.1)
    await asyncio.sleep(2)
    await audit(clients, each, server, kills)


async def audit(clients: Sequence[Client], each: int, server: Server, kills: int) -> None:
    """Compare what the pages were told and show with what the server has."""
    found: Counter[str] = Counter()
    async with server.http() as http:
        for client in clients:
            kept = await client.kept(http)
            ids = Counter(line["id"] for line in kept if line["id"])
            found["accepted"] += len(client.accepted)
            found["lost"] += len(client.accepted - set(ids))
            found["untold"] += each - len(client.accepted) - len(client.refused)
            found["doubled"] += ids.total() - len(ids)
            found["refused, yet kept"] += len(client.refused.keys() & set(ids))
            found["unanswered"] += sum(
                line["id"] != "" and (after is None or after["who"] != "bot")
                for line, after in zip_longest(kept, kept[1:])
            )
            cursors = [line["cursor"] for line in kept]
            found["pages wrong"] += client.lines != kept
            found["out of order"] += cursors != list(range(1, len(cursors) + 1))
    refused = Counter(code for client in clients for code in client.refused.values())
    print(
        f"disconnects: {sum(client.broken for client in clients)}, "
        f"{sum(client.broken_under_way for client in clients)} of them with a message under way; "
        f"server killed {kills} times"
    )
    print(
        f"  {each * len(clients)} messages, sent again "
        f"{sum(client.sent_again for client in clients)} times; accepted {found['accepted']}, "
        f"refused {dict(refused) or 0}, neither {found['untold']}"
    )
    print(
        f"  lost {found['lost']}, doubled {found['doubled']}, refused and yet kept "
        f"{found['refused, yet kept']}, not answered {found['unanswered']}, conversations out of "
        f"order {found['out of order']}, pages that show anything else {found['pages wrong']}"
    )


async def page(url: str) -> None:
    """What the page weighs, and when it shows something on a slow network."""
    try:
        from tests.peers.chromium import Chromium, chromium
    except ImportError:
        return
    if chromium() is None:
        print("page: no browser (Debian: chromium)")
        return
    async with Chromium() as browser:
        await browser.command("Network.enable")
        await browser.command(
            "Network.emulateNetworkConditions",
            offline=False, latency=400, downloadThroughput=50_000, uploadThroughput=50_000,
        )  # fmt: skip
        await browser.open(f"{url}/t/")
        await browser.until("document.querySelector('.status')?.textContent == 'Connected'")
        entries = "[...performance.getEntriesByType('navigation'), "
        entries += "...performance.getEntriesByType('resource')]"
        weight = await browser.evaluate(f"{entries}.reduce((s, e) => s + e.encodedBodySize, 0)")
        paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        lines = "performance.now()"
        print(
            f"page: {weight / 1000:.1f} kB, first paint after "
            f"{await browser.evaluate(paint):.0f} ms, connected within "
            f"{await browser.evaluate(lines):.0f} ms (400 ms round trip, 400 kbit/s)"
        )


class Server:
    """The server's process; killed and started anew it is at the same address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""

    async def start(self) -> None:
        port = self.url.rpartition(":")[2] or "0"
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.chat", "--serve", str(self._folder), "--port", port,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode()
        assert line.startswith(READY), "the server did not come up"
        self.url = line.strip().removeprefix(READY)

    async def kill(self) -> None:
        """As a crash does: nothing is finished or written any more."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=60)


async def pages(server: Server, number: int) -> list[Client]:
    async with server.http() as http:
        return [await begun(http, server.url) for _ in range(number)]


async def held(clients: Sequence[Client]) -> list[asyncio.Task[None]]:
    """Connect them all; cancel what comes back to let them go."""
    holding = [asyncio.create_task(client.hold()) for client in clients]
    async with asyncio.timeout(120):
        while any(client.socket is None for client in clients):
            await asyncio.sleep(0.1)
    return holding


async def measure(conversations: int, seconds: float, breaks: int, kills: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="chat-"))
    server = Server(folder)
    holding: list[asyncio.Task[None]] = []
    try:
        await server.start()
        if conversations:
            clients = await pages(server, conversations)
            holding = await held(clients)
            await replies(clients, seconds)
            for task in holding:
                task.cancel()
        if breaks:
            clients = await pages(server, min(250, breaks))
            holding += await held(clients)
            await disconnects(clients, breaks, server, kills)
        await page(server.url)
    finally:
        for task in holding:
            task.cancel()
        await asyncio.gather(*holding, return_exceptions=True)
        await server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--disconnects", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    if arguments.serve is not None:
        asyncio.run(serve(arguments.serve, arguments.port))
    else:
        asyncio.run(
            measure(
                arguments.conversations,
                arguments.seconds,
                arguments.disconnects,
                arguments.kills,
            )
        )


if __name__ == "__main__":
    main()
