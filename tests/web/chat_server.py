"""A real HTTP server with conversations in text and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from tests.sessions.chat_house import House
from tests.staff.memory import Office
from tests.web.shelf import Shelf
from voicebot.sessions.chats import Chats
from voicebot.sessions.feed import EventFeed
from voicebot.web.api.chat import CallBack, ChatRules, Entrance, chat_router
from voicebot.web.api.chat_phone import PhoneCalls
from voicebot.web.api.chat_socket import chat_socket
from voicebot.web.api.sign_in import Attempts, SignInSide
from voicebot.web.application import create_app
from voicebot.web.card_images import card_images_router
from voicebot.web.chat_page import chat_page_router
from voicebot.web.server import HttpServer

SHOP_PAGE = "https://shop.example"


@dataclass
class ChatServer:
    """``http`` is a client whose requests come from our own page."""

    house: House
    chats: Chats
    server: HttpServer
    http: httpx.AsyncClient

    @property
    def url(self) -> str:
        return self.server.url


@asynccontextmanager
async def chat_server(
    house: House,
    rules: ChatRules = ChatRules(origins=(SHOP_PAGE,)),  # noqa: B008
    port: int = 0,
    call_back: CallBack | None = None,
    phones: Callable[[Chats], PhoneCalls] | None = None,
) -> AsyncIterator[ChatServer]:
    """Serve the conversations of ``house``."""
    async with house.running() as chats:
        entrance, office = Entrance(chats, rules), Office()
        app = create_app(
            archive=Shelf(),
            feed=EventFeed(),
            readiness=dict,
            metric_sources=[],
            version="1.2.3",
            staff=SignInSide(office.desk, Attempts.per_minute(1000), office.clock),
            routers=[
                chat_router(entrance, call_back, phones(chats) if phones else None),
                chat_socket(entrance),
                chat_page_router(),
                card_images_router(house.folder),
            ],
        )
        server = HttpServer(app, "127.0.0.1", port, linger_s=1)
        await server.start()
        client = httpx.AsyncClient(
            base_url=server.url, headers={"Origin": server.url}, trust_env=False, timeout=20
        )
        try:
            async with client:
                yield ChatServer(house, chats, server, client)
        finally:
            await chats.stop()
            await server.stop()
