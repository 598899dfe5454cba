"""A page that is shown things and says things at the same time."""

from __future__ import annotations

import asyncio

import pytest

from voicebot.web.two_ways import two_ways


async def test_the_end_of_one_side_stops_the_other() -> None:
    stopped = asyncio.Event()

    async def show() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def hear() -> None:
        return

    await two_ways(show(), hear())
    assert stopped.is_set()


async def test_what_one_side_raises_is_raised() -> None:
    async def show() -> None:
        raise ValueError("no message")

    async def hear() -> None:
        await asyncio.Event().wait()

    with pytest.raises(ValueError, match="no message"):
        await two_ways(show(), hear())
