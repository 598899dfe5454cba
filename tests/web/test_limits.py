"""HTTP from strangers: slow, large, too many; whoever behaves is still served."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from fastapi import FastAPI, Request, WebSocket
from websockets.asyncio.client import connect

from voicebot.telephony.connections import Connections
from voicebot.telephony.guard import AddressGuard, GuardPolicy
from voicebot.web.limits import MAX_BODY
from voicebot.web.server import HttpServer

PATIENCE_S = 0.25
STRANGER = "127.0.0.2"
OTHER = "127.0.0.3"
WAIT_S = 30.0


class Site:
    """A server with limits, and what a client sees of it."""

    def __init__(self, policy: GuardPolicy) -> None:
        self.guard = AddressGuard(policy, lambda _: None)
        door = self.guard.door("http")
        self.held = Connections[Any](door, quiet_s=0)
        self.server = HttpServer(
            _app(), "127.0.0.1", 0, gate=door, connections=self.held, patience_s=PATIENCE_S
        )

    async def open(
        self, address: str = STRANGER
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.server.port, local_addr=(address, 0))

    async def ask(self, text: str, address: str = STRANGER) -> bytes:
        """Send ``text`` and read until the server closes."""
        reader, writer = await self.open(address)
        writer.write(text.encode())
        return await until_closed(reader, writer)

    async def get(self, path: str, address: str = STRANGER) -> int:
        answer = await self.ask(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", address
        )
        return int(answer.split()[1]) if answer else 0

    def count(self, what: str) -> int:
        return self.guard.snapshot(0).counts.get(("http", what), 0)

    async def until_nobody_is_here(self) -> None:
        async with asyncio.timeout(WAIT_S):
            while len(self.held):
                await asyncio.sleep(0.01)


async def until_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(WAIT_S):
            data = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return data


def _app() -> FastAPI:
    app = FastAPI()

    @app.get("/healthz")
    async def healthz() -> str:
        return "ok"

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(3 * PATIENCE_S)
        return "at last"

    @app.post("/body")
    async def body(request: Request) -> int:
        return len(await request.body())

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text)

    return app


OpenSite: TypeAlias = Callable[..., Awaitable[Site]]


@pytest.fixture
async def open_site() -> AsyncIterator[OpenSite]:
    sites: list[Site] = []

    async def open_site(**limits: Any) -> Site:
        sites.append(Site(GuardPolicy(**limits)))
        await sites[-1].server.start()
        return sites[-1]

    yield open_site
    for site in sites:
        await site.server.stop()


@pytest.mark.parametrize(
    "beginning",
    [
        "",
        "GET / HT",
        "GET / HTTP/1.1\r\nHost: x\r\n",
        "POST /body HTTP/1.1\r\nHost: x\r\n",
        "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nfive",
    ],
    ids=["nothing", "line", "head", "post", "body"],
)
async def test_who_does_not_come_to_the_point_is_cut_off(
    beginning: str, open_site: OpenSite
) -> None:
    site = await open_site()
    await site.ask(beginning)  # returns only when the server closes
    await site.until_nobody_is_here()


async def test_a_byte_now_and_then_does_not_win_time(open_site: OpenSite) -> None:
    site = await open_site()
    reader, writer = await site.open()

    async def dribble() -> None:
        for byte in b"GET /healthz HTTP/1.1\r\nX: " + b"y" * 1000:
            writer.write(bytes([byte]))
            await asyncio.sleep(PATIENCE_S / 5)

    dribbling = asyncio.create_task(dribble())
    assert b"200" not in await until_closed(reader, writer)
    dribbling.cancel()


async def test_a_slow_answer_is_not_cut_off(open_site: OpenSite) -> None:
    site = await open_site()
    assert await site.get("/slow") == 200


async def test_a_connection_serves_several_requests(open_site: OpenSite) -> None:
    site = await open_site()
    one = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    last = one.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
    assert (await site.ask(one * 3 + last)).count(b"200 OK") == 4
    await site.until_nobody_is_here()


async def test_large_heads_and_bodies_are_refused(open_site: OpenSite) -> None:
    site = await open_site()
    head = "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + "y" * 100_000
    assert b" 400 " in (await site.ask(head))[:20] or not await site.ask(head)
    told = f"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n"
    assert b" 413 " in (await site.ask(told))[:20]
    chunk = f"{70_000:x}\r\n{'z' * 70_000}\r\n"
    untold = "POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 40
    assert await site.ask(untold) == b""
    fine = "POST /body HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
    assert (await site.ask(fine)).endswith(b"3")


async def test_noise_is_answered_with_400_and_shuts_out(open_site: OpenSite) -> None:
    site = await open_site(failures=5)
    for _ in range(6):
        assert b" 400 " in (await site.ask("\x16\x03\x01 noise\r\n\r\n"))[:20]
    assert await site.get("/healthz") == 0
    assert await site.get("/healthz", OTHER) == 200


async def test_who_looks_for_what_is_not_there_is_shut_out(open_site: OpenSite) -> None:
    site = await open_site(failures=5)
    answers = [await site.get(f"/wp-admin/{n}") for n in range(8)]
    assert answers == [404] * 6 + [0] * 2
    assert site.count("connection_refused") == 2
    assert await site.get("/healthz", OTHER) == 200


async def test_too_many_requests_are_told_so(open_site: OpenSite) -> None:
    site = await open_site(burst=5, requests_per_s=0.001)
    one = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    answers = await site.ask(one * 10)
    assert (answers.count(b"200 OK"), answers.count(b"429 Too")) == (4, 1)
    assert await site.get("/healthz", OTHER) == 200


async def test_idle_connections_make_room_for_who_has_something_to_ask(
    open_site: OpenSite,
) -> None:
    site = await open_site(connections=20, connections_per_address=15)
    idle = [await site.open(address) for address in (STRANGER, "127.0.0.4") for _ in range(20)]
    assert len(site.held) <= 20
    assert await site.get("/healthz", OTHER) == 200
    assert await site.get("/healthz", STRANGER) == 200
    assert site.count("connection_closed") >= 20
    for reader, writer in idle:
        await until_closed(reader, writer)
    await site.until_nobody_is_here()


async def test_a_websocket_outlives_the_patience_and_keeps_its_place(open_site: OpenSite) -> None:
    site = await open_site(connections=1)
    async with connect(f"ws://127.0.0.1:{site.server.port}/ws", local_addr=(STRANGER, 0)) as client:
        await asyncio.sleep(3 * PATIENCE_S)
        await client.send("still here")
        assert await client.recv() == "still here"
        assert len(site.held) == 1
        assert await site.get("/healthz", OTHER) == 0
    await site.until_nobody_is_here()
    assert await site.get("/healthz", OTHER) == 200


@pytest.mark.parametrize("path", ["/healthz?id=%00", "/health%00z", "/healthz?a=1&b=x%00y"])
async def test_an_address_with_a_nul_is_refused_before_anybody_looks_for_it(
    open_site: OpenSite, path: str
) -> None:
    site = await open_site()
    assert await site.get(path) == 400
    assert await site.get("/healthz?id=%2500") == 200
