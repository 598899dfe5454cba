"""What the live wall costs with many viewers, and whether calls would notice.

Usage: ``python -m benchmarks.wall [--viewers 20] [--seconds 10] [--rounds 3] [--contacts 20000]``

A real HTTP server, the real queues with 12 queues and 100 agents, 200 calls of which 60 wait, and a
ledger of so many contacts over a month on SQLite. Every second ten callers come and ten leave, five
turns are over and one contact ends, so that every picture differs and the day is read again.
Viewers read the event stream in a process of their own. The line runs with and without them in
turn, so that what else the machine does falls on both.

``cpu`` is the processor time of the server, threads of the database included, in per cent of one
core; what it is more with viewers is the wall's cost, wanted at 5 % or less. ``lag`` is how late
the loop ran, by a task that sleeps for 5 ms: what a call's frames would be late by. ``ours`` is
what of that the server itself can have caused: no more than the processor time that it used
meanwhile, so that what other programs take does not count. The viewers may add 1 ms to its 99th
percentile, a twentieth of a frame and less than what any line's jitter hides. ``one picture`` is
how long the loop is held once a second to make one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import Process
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.staff.memory import BEARER, Office
from tests.web.shelf import Shelf
from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile, Contact, ContactId, QueueRules
from voicebot.analytics.totals import DAY_S, Rules
from voicebot.config import Settings
from voicebot.events import CallEnded, CallEvent, CallStarted, TurnFinished, TurnResult
from voicebot.sessions.agent_lines import TelephoneLines
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.feed import EventFeed
from voicebot.sessions.place import Place
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.registry import CallRegistry
from voicebot.storage.database import WRITES, open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.migrations import upgrade
from voicebot.storage.schema import calls
from voicebot.types import CallId, Language, Outcome
from voicebot.wallboard import Sources, Wallboard
from voicebot.web.api.sign_in import Attempts, SignInSide
from voicebot.web.api.wall import encode
from voicebot.web.application import create_app
from voicebot.web.server import HttpServer

WANTED_CPU: Final = 5.0
WANTED_MS: Final = 1.0
QUEUES: Final = tuple(f"queue{number}" for number in range(12))
AGENTS: Final = 100
CALLS: Final = 200
WAITING: Final = 60
ENGLISH: Final = Language("en-US")
DAYS: Final = 30


class Line:
    """A busy line, and the wall on it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._dice = random.Random(5)
        self._numbers = count()
        self._waiting: list[Place] = []
        self._running: list[CallId] = []
        # Nobody is free: the line stands, and the distribution has nothing to ring.
        self._queues = QueueService(
            [QueueRules(name) for name in QUEUES], TelephoneLines(None, lambda agent: "")
        )
        agents = {
            AgentId(f"agent{number}"): AgentProfile(
                AgentId(f"agent{number}"), (QUEUES[number % len(QUEUES)],)
            )
            for number in range(AGENTS)
        }
        for profile in agents.values():
            self._queues.receive(ev.SignIn(profile))
            self._queues.receive(ev.Pause(profile.agent_id, "training"))
        self._ledger = SqlLedger(engine, Rules())
        self._journal = SqlJournal(engine)
        sources = Sources(
            CallRegistry(500), self._queues, agents, self._ledger, lambda: 30, lambda: (), set, dict
        )
        self.wallboard = Wallboard(Settings(), engine, sources)

    async def open(self) -> None:
        await self._journal.start()
        await self._ledger.rebuild()
        while await self._ledger.fold(time.time()):
            pass
        for _ in range(CALLS):
            self._call()
        for _ in range(WAITING):
            self._wait()
        self.wallboard.start()

    async def close(self) -> None:
        await self.wallboard.stop()
        await self._queues.stop()
        await self._journal.stop()

    async def go_on(self) -> None:
        """What happens in a second, spread over it."""
        while True:
            for _ in range(10):
                await self._waiting.pop(0).leave("gave up")
                self._wait()
                await asyncio.sleep(0.1)
            for call in self._dice.sample(self._running, 5):
                turn = TurnFinished(call, time.time(), 1, "ask", "?", TurnResult.MATCH, None, None)
                self._tell(turn)
            ended = self._running.pop(0)
            self._tell(CallEnded(ended, time.time(), Outcome.SELF_SERVED, "done"))
            self._call()

    def _call(self) -> None:
        call = CallId(f"call{next(self._numbers)}")
        self._running.append(call)
        self._tell(CallStarted(call, time.time(), "sip", "a", "b", "main", ENGLISH))

    def _wait(self) -> None:
        contact = ContactId(f"waits{next(self._numbers)}")
        queue = self._dice.choice(QUEUES)
        place = self._queues.enter(Contact(contact, queue), Briefing("", ENGLISH, {}, {}))
        self._waiting.append(place)

    def _tell(self, event: CallEvent) -> None:
        self.wallboard.observe(event)
        self._journal.append(event)


async def fill(engine: AsyncEngine, contacts: int) -> None:
    """So many calls that have ended, over the last month."""
    now, dice = time.time(), random.Random(7)
    for first in range(0, contacts, 2000):
        rows = [
            {
                "id": f"{number:032x}",
                "transport": "sip",
                "caller": f"+1555{number % 9999:04}",
                "callee": "shop",
                "flow": "main",
                "language": "en-US",
                "direction": "inbound",
                "started_at": (at := now - DAYS * DAY_S * (number + 1) / contacts),
                "answered_at": at,
                "ended_at": at + 90,
                "outcome": dice.choice([Outcome.SELF_SERVED, Outcome.TRANSFERRED]).value,
                "reason": "",
            }
            for number in range(first, min(first + 2000, contacts))
        ]
        async with engine.execution_options(**WRITES).begin() as connection:
            await connection.execute(insert(calls), rows)


async def lags(seconds: float) -> tuple[list[float], list[float]]:
    """How late the loop ran, and what of that can be ours, ms."""
    loop = asyncio.get_running_loop()
    late, ours, end = [], [], loop.time() + seconds
    while loop.time() < end:
        due, used = loop.time() + 0.005, time.process_time()
        await asyncio.sleep(0.005)
        late.append(1000 * (loop.time() - due))
        ours.append(min(late[-1], 1000 * (time.process_time() - used)))
    return late, ours


@dataclass
class Cost:
    """What one way of running cost: per cent of a core in each round, and every lag in ms, with
    what of it can be ours."""

    name: str
    cpu: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)

    async def measure(self, seconds: float) -> None:
        began, wall = time.process_time(), time.monotonic()
        late, ours = await lags(seconds)
        self.late += late
        self.ours += ours
        self.cpu.append(100 * (time.process_time() - began) / (time.monotonic() - wall))

    def __str__(self) -> str:
        return (
            f"{self.name:<13} cpu {statistics.mean(self.cpu):4.1f} %   "
            f"lag {_percentiles(self.late)} ms   ours {_percentiles(self.ours)} ms"
        )


def _percentiles(values: list[float]) -> str:
    p50, p99, p999 = np.percentile(values, [50, 99, 99.9])
    return f"p50 {p50:.2f}  p99 {p99:.2f}  p99.9 {p999:.2f}"


def view(port: int, viewers: int, report: str) -> None:
    """Read the stream as so many pages do, until killed; write how many pictures came."""
    asyncio.run(_view(port, viewers, Path(report)))


async def _view(port: int, viewers: int, report: Path) -> None:
    seen = [0] * viewers

    async def one(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        asked = f"GET /api/wall/events HTTP/1.1\r\nHost: x\r\nAuthorization: {_token()}\r\n\r\n"
        writer.write(asked.encode())
        while line := await reader.readline():
            seen[number] += line.startswith(b"data: ")

    async def tell() -> None:
        while True:
            await asyncio.sleep(1)
            report.write_text(" ".join(map(str, seen)))

    await asyncio.gather(tell(), *(one(number) for number in range(viewers)))


def _token() -> str:
    return BEARER["Authorization"]


async def run(asked: argparse.Namespace, folder: Path) -> bool:
    url = f"sqlite:///{folder / 'calls.db'}"
    await upgrade(url)
    engine = open_database(url)
    await fill(engine, asked.contacts)
    line, office = Line(engine), Office()
    await line.open()
    app = create_app(
        archive=Shelf(),
        feed=EventFeed(),
        readiness=dict,
        metric_sources=[],
        version="1",
        staff=SignInSide(office.desk, Attempts.per_minute(1000), time.time),
        routers=line.wallboard.routers,
    )
    server = HttpServer(app, "127.0.0.1", 0, linger_s=1)
    await server.start()
    going = asyncio.create_task(line.go_on())
    await asyncio.sleep(2)
    without, with_them = Cost("nobody looks"), Cost(f"{asked.viewers} viewers")
    pictures: list[float] = []
    for _ in range(asked.rounds):
        await without.measure(asked.seconds)
        async with watched(line, server.port, asked.viewers, folder / "seen") as seen:
            before = seen()
            await with_them.measure(asked.seconds)
            after = seen()
        got = zip(after, before, strict=True)
        pictures += [(new - old) / asked.seconds for new, old in got]
    going.cancel()
    held = times_of_pictures(line.wallboard)
    await line.close()
    await server.stop()
    await engine.dispose()
    print(f"{without}\n{with_them}")
    size = len(line.wallboard.board.picture)
    print(
        f"each viewer got {min(pictures):.2f} to {max(pictures):.2f} pictures a second ({size} B)"
    )
    print(f"one picture: {statistics.median(held):.2f} ms, at most {max(held):.2f} ms")
    cost = statistics.mean(with_them.cpu) - statistics.mean(without.cpu)
    added = float(np.percentile(with_them.ours, 99) - np.percentile(without.ours, 99))
    print(f"{asked.viewers} viewers cost {cost:.1f} % of a core (wanted: {WANTED_CPU:.0f} %)")
    print(
        f"and add {added:+.2f} ms to the loop's own lag, p99 (wanted: {WANTED_MS:.0f} ms at most)"
    )
    return cost <= WANTED_CPU and added <= WANTED_MS


@asynccontextmanager
async def watched(
    line: Line, port: int, viewers: int, report: Path
) -> AsyncIterator[Callable[[], list[int]]]:
    """Let so many pages look; gives how many pictures each has got so far."""
    pages = Process(target=view, args=(port, viewers, str(report)), daemon=True)
    pages.start()
    while line.wallboard.board.watchers < viewers:
        await asyncio.sleep(0.1)
    await asyncio.sleep(3)  # until the first report
    yield lambda: [int(each) for each in report.read_text().split()]
    pages.kill()
    pages.join()
    while line.wallboard.board.watchers:
        await asyncio.sleep(0.1)


def times_of_pictures(wallboard: Wallboard) -> list[float]:
    """How long making and writing one takes, ms."""
    found = []
    for _ in range(200):
        began = time.perf_counter()
        encode(wallboard.picture())
        found.append(1000 * (time.perf_counter() - began))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contacts", type=int, default=20_000)
    asked = parser.parse_args()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        good = asyncio.run(run(asked, Path(folder)))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
