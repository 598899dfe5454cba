"""The desk's page on a server of its own, with a desk behind it that says what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from voicebot.web.server import HttpServer
from voicebot.web.staff_pages import desk_page_router, staff_pages_router

NOW = 1_780_000_000.0


def contact(who: str, **more: Any) -> dict[str, Any]:
    """A conversation in text on the desk, as the server shows it."""
    return {
        "contact": who.lower(), "channel": "text", "queue": "support", "caller": "", "name": who,
        "language": "en-US", "intent": "return", "mood": "calm", "contacts": 1,
        "facts": [["order", "17"]], "began_at": NOW - 60, "over_at": None, "joined": True,
        "advises": False, "held": False, "consulted": None, "wrapping": False, "wrap_until": None,
        "code": "", "note": "", "unread": 0, "there": True, "writing": False,
        "codes": ["solved"], "returns": ["survey"],
    }  | more  # fmt: skip


def ringing(who: str, **more: Any) -> dict[str, Any]:
    """A conversation in text that rings."""
    return {
        "contact": who.lower(), "channel": "text", "queue": "support", "caller": "", "name": who,
        "language": "en-US", "intent": "order", "mood": "tense", "contacts": 2, "facts": [],
        "arrived_at": NOW - 30, "until": NOW + 30, "callback": False, "by_phone": False,
        "asked_by": "", "taken": False,
    }  | more  # fmt: skip


@dataclass
class SaidDesk:
    """A desk as the page sees it. ``orders`` are what the page sent, but for cards; ``refuses``
    maps an order to why not; ``deaf`` orders get no answer, and the line breaks."""

    contacts: list[dict[str, Any]] = field(default_factory=list)
    rings: list[dict[str, Any]] = field(default_factory=list)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    orders: list[dict[str, Any]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    deaf: set[str] = field(default_factory=set)
    agent: dict[str, Any] = field(
        default_factory=lambda: {
            "name": "anna", "state": "available", "reason": "", "by_phone": False,
            "pauses": ["lunch"], "voice": 1, "text": 3, "takes": {"voice": 1, "text": 3},
        }
    )  # fmt: skip
    url: str = ""
    _line: WebSocket | None = None

    async def serve(self, line: WebSocket) -> None:
        await line.accept()
        self._line = line
        await self.tell()
        for each in self.lines:
            await self.show(each, 0)
        try:
            while True:
                await self._take(line, await line.receive_json())
        except (WebSocketDisconnect, RuntimeError):
            pass

    async def _take(self, line: WebSocket, order: dict[str, Any]) -> None:
        if order["do"] == "card":
            data: Any = {
                "contact": order["contact"], "complete": True, "turns": [], "asked": "",
                "tried": [], "open": None, "before": [], "notes": [], "lines": [],
            }  # fmt: skip
        else:
            self.orders.append(order)
            data = {"queues": ["support", "returns"], "agents": [], "names": [], "numbers": False}
        if order["do"] in self.deaf:
            self.deaf.discard(order["do"])
            await line.close()
        elif order["do"] in self.refuses:
            detail = self.refuses[order["do"]]
            await line.send_json({"id": order["id"], "type": "refused", "detail": detail})
        else:
            await line.send_json({"id": order["id"], "type": "done", "data": data})

    async def tell(self) -> None:
        """Send the state."""
        await self.send(
            "state", now=NOW, agent=self.agent, ringing=self.rings, contacts=self.contacts,
            queues=[{"name": "support", "waiting": 2, "free": 1}],
        )  # fmt: skip

    async def add(self, of: str, who: str, text: str, key: str = "", **more: Any) -> None:
        """One more line of a conversation."""
        known = self.lines.setdefault(of, [])
        line = {"cursor": len(known) + 1, "at": NOW, "who": who, "text": text, "key": key, **more}
        known.append(line)
        if self._line is not None:
            await self.show(of, len(known) - 1)

    async def show(self, of: str, after: int) -> None:
        await self.send("lines", contact=of, after=after, lines=self.lines[of][after:])

    async def send(self, type_: str, **more: Any) -> None:
        assert self._line is not None
        await self._line.send_json({"type": type_, **more})

    async def ordered(self, what: str) -> dict[str, Any]:
        """Wait for an order."""
        async with asyncio.timeout(30):
            while True:
                for order in self.orders:
                    if order["do"] == what:
                        self.orders.remove(order)
                        return order
                await asyncio.sleep(0.02)


@asynccontextmanager
async def desk_site(desk: SaidDesk) -> AsyncIterator[SaidDesk]:
    """Serve the page; ``desk.url`` is its address."""
    app = FastAPI()
    app.include_router(desk_page_router())
    app.include_router(staff_pages_router())

    @app.get("/api/session")
    async def session() -> dict[str, Any]:
        return {"name": "anna", "scopes": ["desk"]}

    @app.websocket("/api/desk/socket")
    async def socket(line: WebSocket) -> None:
        await desk.serve(line)

    server = HttpServer(app, "127.0.0.1", 0, linger_s=1)
    await server.start()
    desk.url = f"{server.url}/desk"
    try:
        yield desk
    finally:
        await server.stop()
