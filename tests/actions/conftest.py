"""An application folder of the demo's own files, and a small HTTP service that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from voicebot.actions.registry import ActionRegistry, load_actions

APPLICATION = Path(__file__).parents[2]


@dataclass
class Request:
    """What the service was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Service:
    """A bare HTTP/1.1 service: ``answers`` are raw bytes, given in turn, the last one for ever;
    None holds the connection open without a word."""

    answers: list[bytes | None] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append(await _read(reader))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


def answer(status: int, body: str = "", *headers: str) -> bytes:
    """One raw HTTP answer that closes its connection."""
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body.encode())}", *headers]
    return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n" + body).encode()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    running = Service()
    await running.start()
    yield running
    await running.stop()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


Loader = Callable[..., ActionRegistry]


@pytest.fixture
async def load(tmp_path: Path) -> AsyncIterator[Loader]:
    """Load actions from YAML text; every registry is closed in the end."""
    loaded: list[Callable[[], Awaitable[None]]] = []

    def from_text(
        text: str,
        databases: dict[str, str] | None = None,
        environment: dict[str, str] | None = None,
    ) -> ActionRegistry:
        file = tmp_path / "actions.yaml"
        file.write_text(text, encoding="utf-8")
        registry = load_actions(file, databases or {}, environment=environment or {})
        loaded.append(registry.aclose)
        return registry

    yield from_text
    for aclose in loaded:
        await aclose()
