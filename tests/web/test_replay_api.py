"""``/api/replay``: calls taken through today's files, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.web.asking import asking
from voicebot.errors import ReplayRefused
from voicebot.types import CallId
from voicebot.web.api.replay import replay_router

COURSE = {
    "outcome": "self_served",
    "stopped": None,
    "turns": [{"step": "menu", "result": "match", "meaning": {"a": 1}, "next": ""}],
}


@dataclass
class Worker:
    """Finds no call changed; remembers what it was asked."""

    asked: list[Sequence[CallId]] = field(default_factory=list)
    refuses: ReplayRefused | None = None

    async def replay(self, calls: Sequence[CallId]) -> dict[str, Any]:
        self.asked.append(calls)
        if self.refuses is not None:
            raise self.refuses
        told = {"changed": False, "first_difference": None, "before": COURSE, "after": COURSE}
        found = [{"id": call, **told} for call in calls]
        return {"before": {}, "after": {}, "rerouted": 0, "stopped": 0, "calls": found}


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
async def client(worker: Worker) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(replay_router(worker.replay)) as client:
        yield client


async def test_calls_are_replayed(client: httpx.AsyncClient, worker: Worker) -> None:
    answer = await client.post("/api/replay", json={"calls": ["a", "b"]})
    assert answer.status_code == 200
    assert worker.asked == [["a", "b"]]
    assert [each["id"] for each in answer.json()["calls"]] == ["a", "b"]
    assert answer.json()["calls"][0]["after"] == COURSE


@pytest.mark.parametrize(("busy", "status"), [(True, 503), (False, 409)])
async def test_why_there_is_no_replay_is_told(
    client: httpx.AsyncClient, worker: Worker, busy: bool, status: int
) -> None:
    worker.refuses = ReplayRefused("not today", busy)
    answer = await client.post("/api/replay", json={"calls": ["a"]})
    assert (answer.status_code, answer.json()["detail"]) == (status, "not today")
    assert ("retry-after" in answer.headers) is busy


@pytest.mark.parametrize("calls", [[], [""], ["a"] * 21, ["x" * 65], "a"])
async def test_what_makes_no_sense_is_told(
    client: httpx.AsyncClient, worker: Worker, calls: object
) -> None:
    answer = await client.post("/api/replay", json={"calls": calls})
    assert answer.status_code == 422
    assert worker.asked == []
