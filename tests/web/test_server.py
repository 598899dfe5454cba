"""The HTTP server runs on our loop, tells its port, and leaves signals alone."""

from __future__ import annotations

import asyncio
import signal
import socket

import httpx
import pytest
from fastapi import FastAPI

from voicebot.errors import VoicebotError
from voicebot.web.server import HttpServer


async def test_port_zero_takes_a_free_port_and_tells_it(app: FastAPI) -> None:
    server = HttpServer(app, "127.0.0.1", 0)
    await server.start()
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{server.port}/healthz")
    await server.stop()
    assert answer.status_code == 200
    assert "server" not in answer.headers


async def test_a_taken_port_is_told_in_a_sentence(app: FastAPI) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(VoicebotError) as caught:
            await HttpServer(app, "127.0.0.1", port).start()
    assert f"HTTP cannot listen on 127.0.0.1:{port}: something listens there" in str(caught.value)
    assert "VOICEBOT_SERVER__PORT" in str(caught.value)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
async def test_an_address_that_is_not_ours_is_told(app: FastAPI, host: str) -> None:
    with pytest.raises(VoicebotError, match=r"server\.host"):
        await HttpServer(app, host, 0).start()


async def test_the_port_is_free_again_after_the_stop(app: FastAPI) -> None:
    server = HttpServer(app, "127.0.0.1", 0)
    await server.start()
    await server.stop()
    again = HttpServer(app, "127.0.0.1", server.port)
    await again.start()
    await again.stop()


async def test_signals_stay_with_their_owner(app: FastAPI) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    server = HttpServer(app, "127.0.0.1", 0)
    await server.start()
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    await server.stop()


async def test_a_stop_does_not_wait_for_an_answer_without_end() -> None:
    begun = asyncio.Event()

    async def endless(scope: object, receive: object, send: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    server = HttpServer(endless, "127.0.0.1", 0, linger_s=0)
    await server.start()
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await begun.wait()
    await server.stop()
    writer.close()


async def test_stopping_twice_or_before_the_start_is_fine(app: FastAPI) -> None:
    server = HttpServer(app, "127.0.0.1", 0)
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()
