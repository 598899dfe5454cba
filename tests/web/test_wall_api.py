"""``/api/wall``: one picture, or all of them as they are made."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.wall.pictures import NOW, a_wall
from tests.web.asking import asking
from voicebot.wall.board import Board
from voicebot.wall.model import Wall
from voicebot.web.api.wall import encode, wall_router


async def nothing() -> None:
    """There are no records to look into."""


class Closing:
    """Ends the watching with the second picture, so that a response comes to its end."""

    def __init__(self) -> None:
        self.board = Board(self.compose, nothing, encode, most=1)
        self.looks = 0

    def compose(self) -> Wall:
        self.looks += 1
        if self.looks > 1:
            self.board.close()
        return a_wall(at=NOW + self.looks, waiting=self.looks)


@pytest.fixture
def closing() -> Closing:
    return Closing()


@pytest.fixture
async def client(closing: Closing) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(wall_router(closing.board)) as client:
        yield client


async def test_the_wall_is_told_as_json(client: httpx.AsyncClient) -> None:
    found = (await client.get("/api/wall")).json()
    assert found["stages"] == {
        "greeting": 0, "flow": 1, "queued": 2, "with_agent": 3, "text": 4,
    }  # fmt: skip
    assert found["queues"][0] == {
        "name": "support", "open": True, "waiting": 1, "first_since": NOW - 65,
        "next_wait_s": 120, "told_s": 90, "waited_s": 100, "service_level": 0.75,
        "agents": 2, "free": 0, "answered": 40, "abandoned": 3,
    }  # fmt: skip
    assert found["agents"][1]["activity"] == "paused"
    assert found["day"]["containment"] == {
        "value": 0.62, "of": 118, "last_week": 0.58, "target": 0.6,
    }  # fmt: skip


async def test_whoever_follows_gets_whole_pictures(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/wall/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [line for line in answer.text.splitlines() if line.startswith("data: ")]
    assert json.loads(events[0].removeprefix("data: "))["queues"][0]["waiting"] == 1
    assert "event: wall" in answer.text


async def test_too_many_viewers_are_told_so(client: httpx.AsyncClient, closing: Closing) -> None:
    with closing.board.watch():
        answer = await client.get("/api/wall/events")
    assert answer.status_code == 503
    assert "at most 1" in answer.json()["detail"]
