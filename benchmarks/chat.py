"""Conversations in text under load: replies, lost networks, and the weight of the page.

A server in a process of its own, with the demo's flows and an SQLite database; the clients here
hold a WebSocket each. First a thousand conversations are open and each writes every twenty seconds
or so; then a thousand connections are broken at random moments, messages under way, by clients that
come back and send again, and every line is looked for. Where there is a Chromium the page is opened
over a slow network last (400 ms there and back, 400 kbit/s).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from voicebot.actions.seed import seed_samples
from voicebot.application import load_application
from voicebot.chatting import Chatting
from voicebot.config import Settings
from voicebot.config.sections import ServerSettings
from voicebot.config.text import TextSettings
from voicebot.config.webrtc import WebRtcSettings
from voicebot.engines import SpeechEngines
from voicebot.live.edition import Editions, Press
from voicebot.logs import configure_logging
from voicebot.sessions.callers import Callers
from voicebot.sessions.feed import EventFeed
from voicebot.sessions.invitation import ConversationId
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade
from voicebot.telephony.webrtc import WebRtcDoor
from voicebot.types import Language, Samples
from voicebot.web.application import create_app
from voicebot.web.server import HttpServer

DEMO = Path(__file__).parents[1]
SAID = ("opening hours", "4271", "what are your ofers", "openning hours", "is it going to rain")
UNDERSTOOD = ("opening hours", "openning hours")
"""Said a few times these do not bring the demo to lose its patience and end."""
EVERY_S = 20.0
READY = "serving "


class Silence:
    """Engines that say nothing: text needs none."""

    languages = frozenset({Language("en-US")})

    def voice(self, language: Language) -> str:
        return "silence"

    async def synthesize(self, text: str, rate: int, *, language: Language) -> Samples:
        return np.zeros(rate // 10, np.int16)


async def serve(folder: Path) -> None:
    """The server; says where it is and stays until it is killed."""
    configure_logging("error")
    settings = Settings(
        server=ServerSettings(application=DEMO, data=folder),
        text=TextSettings(opens_per_minute=100_000, messages_per_minute=100_000),
        webrtc=WebRtcSettings(enabled=False),
    )
    await upgrade(settings.database_url)
    await seed_samples(DEMO, folder, settings.databases)
    press = Press(settings, cast("SpeechEngines", Silence()), [])
    editions = Editions(press.make(load_application(settings)))
    editions.current.application.compile_grammars()
    engine = open_database(settings.database_url)
    chatting = Chatting(settings, engine, editions, Callers(None), lambda event: None, lambda: "")
    await chatting.start()
    app = create_app(
        archive=SqlCallArchive(engine),
        feed=EventFeed(),
        readiness=dict,
        metric_sources=[],
        version="0",
        routers=chatting.routers(cast("WebRtcDoor", None)),
    )
    server = HttpServer(app, "127.0.0.1", 0)
    await server.start()
    print(f"{READY}{server.url}", flush=True)
    await asyncio.Event().wait()


@dataclass
class Client:
    """One page. ``lines`` are those it has shown, ``unsent`` what the server may not have."""

    url: str
    conversation: ConversationId
    cookie: str
    lines: list[dict[str, Any]] = field(default_factory=list)
    unsent: dict[str, str] = field(default_factory=dict)
    socket: ClientConnection | None = None
    replies_ms: list[float] = field(default_factory=list)
    sent_at: dict[str, float] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)
    over: bool = False
    broken: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    async def hold(self) -> None:
        """Keep a connection, come back when it breaks, send again what may not have come."""
        url = f"{self.url.replace('http:', 'ws:')}/api/chat/{self.conversation}/socket"
        headers = {"Origin": self.url, "Cookie": self.cookie}
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                async with connect(
                    url, additional_headers=headers, proxy=None, ping_interval=None
                ) as socket:
                    await socket.send(json.dumps({"type": "hello", "after": len(self.lines)}))
                    self.take(json.loads(await socket.recv()))
                    self.socket = socket
                    for id_, text in tuple(self.unsent.items()):
                        await self._send(id_, text)
                    async for message in socket:
                        self.take(json.loads(message))
            self.socket = None
            await asyncio.sleep(random.uniform(0.01, 0.2))

    def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "sent":
            self.unsent.pop(message["id"], None)
        if message["type"] == "refused":
            self.refused[message["code"]] += 1
        for line in message.get("lines", ()):
            if line["cursor"] > len(self.lines):
                self.lines.append(line)
            if line["id"] in self.sent_at:
                self.unanswered.append(line["id"])
        if message["type"] == "view" and not message["typing"] and self.lines[-1]["who"] == "bot":
            at = time.perf_counter()
            self.replies_ms += [1000 * (at - self.sent_at.pop(id_)) for id_ in self.unanswered]
            self.unanswered.clear()
            self.over = self.over or message["over"]

    async def say(self, id_: str, text: str) -> None:
        self.unsent[id_] = text
        self.sent_at[id_] = time.perf_counter()
        with suppress(OSError, WebSocketException):
            await self._send(id_, text)

    async def _send(self, id_: str, text: str) -> None:
        if self.socket is not None:
            await self.socket.send(json.dumps({"type": "say", "id": id_, "text": text}))

    def break_off(self) -> None:
        """As a telephone does that loses its network: no goodbye."""
        if self.socket is not None:
            self.broken += 1
            self.socket.transport.abort()


async def begun(http: httpx.AsyncClient, url: str) -> Client:
    answer = await http.post("/api/chat/begin", json={}, headers={"Origin": url})
    answer.raise_for_status()
    cookie = answer.headers["set-cookie"].partition(";")[0]
    http.cookies.clear()
    return Client(url, ConversationId(answer.json()["conversation"]), cookie)


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


async def disconnects(clients: Sequence[Client], wanted: int) -> None:
    """Break connections at random while everybody writes; then look for every message."""
    each = max(1, wanted // len(clients))

    async def write(client: Client) -> None:
        for turn in range(each):
            await client.say(f"d{turn}", random.choice(UNDERSTOOD))
            await asyncio.sleep(random.uniform(0, 0.15))
            while client.socket is None:
                await asyncio.sleep(0.01)
            client.break_off()
            await asyncio.sleep(random.uniform(0, 0.3))

    await asyncio.gather(*(write(client) for client in clients))
    ends = time.monotonic() + 30
    while any(client.unsent for client in clients) and time.monotonic() < ends:
        await asyncio.sleep(0.1)
    await asyncio.sleep(2)
    lost = doubled = disordered = 0
    for client in clients:
        ids = [line["id"] for line in client.lines if line["id"].startswith("d")]
        lost += each - len(set(ids))
        doubled += len(ids) - len(set(ids))
        cursors = [line["cursor"] for line in client.lines]
        disordered += cursors != list(range(1, len(cursors) + 1))
    broken = sum(client.broken for client in clients)
    print(f"disconnects: {broken}, {each * len(clients)} messages meanwhile")
    refused = sum((client.refused for client in clients), Counter[str]())
    if refused:
        print(f"  refused {dict(refused)}")
    print(f"  lost {lost}, doubled {doubled}, conversations out of order {disordered}")


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


async def measure(conversations: int, seconds: float, breaks: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="chat-"))
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.chat", "--serve", str(folder),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    holding: list[asyncio.Task[None]] = []
    try:
        assert server.stdout is not None
        url = ""
        while not url:
            line = (await server.stdout.readline()).decode()
            assert line, "the server did not come up"
            url = line.strip().removeprefix(READY) if line.startswith(READY) else ""
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
            clients = [await begun(http, url) for _ in range(conversations)]
        holding = [asyncio.create_task(client.hold()) for client in clients]
        async with asyncio.timeout(120):
            while any(client.socket is None for client in clients):
                await asyncio.sleep(0.1)
        await replies(clients, seconds)
        for task in holding:
            task.cancel()
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
            clients = [await begun(http, url) for _ in range(max(1, min(250, breaks)))]
        holding += [asyncio.create_task(client.hold()) for client in clients]
        await disconnects(clients, breaks)
        await page(url)
    finally:
        for task in holding:
            task.cancel()
        await asyncio.gather(*holding, return_exceptions=True)
        server.kill()
        await server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--disconnects", type=int, default=1000)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    if arguments.serve is not None:
        asyncio.run(serve(arguments.serve))
    else:
        measured = measure(arguments.conversations, arguments.seconds, arguments.disconnects)
        asyncio.run(measured)


if __name__ == "__main__":
    main()
