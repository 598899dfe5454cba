"""A page of a conversation in text as a client without a browser: one WebSocket, and a network that
may break at any moment.

It keeps the rules of ``web/static/chat/talk.js``: a message has an id and is sent again until the
server says that it has it or refuses it for good; lines are known by their number.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from voicebot.sessions.invitation import ConversationId

FINAL = frozenset({"empty", "fact", "form", "long", "over", "size"})
"""Refusals after which sending the same again changes nothing, as in ``talk.js``."""


@dataclass
class Client:
    """One page. ``lines`` are those it has shown, ``unsent`` what the server may not have,
    ``accepted`` the ids of what it says it has, ``refused`` what it said of the others."""

    url: str
    conversation: ConversationId
    cookie: str
    lines: list[dict[str, Any]] = field(default_factory=list)
    unsent: dict[str, str] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    socket: ClientConnection | None = None
    replies_ms: list[float] = field(default_factory=list)
    sent_at: dict[str, float] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)
    over: bool = False
    broken: int = 0
    broken_under_way: int = 0
    sent_again: int = 0

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
                        self.sent_again += 1
                        await self._send(id_, text)
                    async for message in socket:
                        self.take(json.loads(message))
            self.socket = None
            await asyncio.sleep(random.uniform(0.01, 0.2))

    def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "sent":
            self.accepted.add(message["id"])
            self.unsent.pop(message["id"], None)
        if message["type"] == "refused":
            self._refused(message["id"], message["code"])
        for line in message.get("lines", ()):
            if line["cursor"] > len(self.lines):
                self.lines.append(line)
            if line["id"] in self.sent_at:
                self.unanswered.append(line["id"])
        if message["type"] == "view":
            self.over = self.over or message["over"]
            if not message["typing"] and self.lines and self.lines[-1]["who"] == "bot":
                at = time.perf_counter()
                self.replies_ms += [1000 * (at - self.sent_at.pop(id_)) for id_ in self.unanswered]
                self.unanswered.clear()

    def _refused(self, id_: str, code: str) -> None:
        if code in FINAL:
            self.refused[id_] = code
            self.unsent.pop(id_, None)
            self.sent_at.pop(id_, None)
        elif self.socket is not None:
            self.socket.transport.abort()  # to come back and try again

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
            self.broken_under_way += bool(self.unsent)
            self.socket.transport.abort()
            self.socket = None

    async def kept(self, http: httpx.AsyncClient) -> list[dict[str, Any]]:
        """All lines, as the server gives them to a page that knows none."""
        answer = await http.get(
            f"/api/chat/{self.conversation}/lines", headers={"Cookie": self.cookie}
        )
        answer.raise_for_status()
        lines: list[dict[str, Any]] = answer.json()["lines"]
        return lines


async def begun(http: httpx.AsyncClient, url: str) -> Client:
    """Begin a conversation. Raises HTTPStatusError where it is refused."""
    answer = await http.post("/api/chat/begin", json={}, headers={"Origin": url})
    answer.raise_for_status()
    cookie = answer.headers["set-cookie"].partition(";")[0]
    http.cookies.clear()
    return Client(url, ConversationId(answer.json()["conversation"]), cookie)
