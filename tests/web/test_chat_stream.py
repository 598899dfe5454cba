"""The changes of a conversation as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from voicebot.errors import TextRefused
from voicebot.sessions.chat_view import ChatView
from voicebot.web.api.chat_stream import as_events


class Page:
    """Views that come when they are let, and whether anybody still follows."""

    def __init__(self) -> None:
        self.follows = True
        self.more = asyncio.Event()

    async def views(self) -> AsyncGenerator[ChatView, None]:
        try:
            await self.more.wait()
            raise TextRefused("tabs", "too many windows")
            yield
        finally:
            self.follows = False


async def test_a_silent_line_is_told_to_be_alive_until_something_comes() -> None:
    page = Page()
    async with aclosing(as_events(page.views(), beat_s=0.01)) as events:
        assert [await anext(events) for _ in range(3)] == [": still here\n\n"] * 3
        page.more.set()
        async for event in events:
            if not event.startswith(":"):
                break
    assert event == 'event: refused\ndata: {"code": "tabs"}\n\n'
    assert not page.follows


async def test_who_leaves_follows_no_more() -> None:
    page = Page()
    events = as_events(page.views(), beat_s=0.01)
    await anext(events)
    await events.aclose()
    assert not page.follows
    with pytest.raises(StopAsyncIteration):
        await anext(events)
