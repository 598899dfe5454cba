"""Requests that bring something out, to those who answer badly."""

from __future__ import annotations

import asyncio

import httpx

from voicebot.sending.attempt import Refused, Undecided
from voicebot.sending.http_answers import ask
from voicebot.sending.signed_post import SignedPost


async def test_an_answer_that_trickles_is_not_waited_for() -> None:
    gone = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while True:
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            writer.close()
            gone.set()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(20):
        answer = await ask(client, client.build_request("POST", url), timeout_s=0.5)
        await gone.wait()
    assert answer == Undecided("the other side did not answer in time")


async def test_a_url_that_is_none_is_told() -> None:
    async with httpx.AsyncClient() as client:
        post = SignedPost("https://host:port", "s" * 32, client, lambda: 0.0)
        attempt = await post.send(b"{}", {})
    assert attempt == Refused("the URL cannot be asked")
