"""What was not understood, and where callers leave, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
import pytest

from tests.web.asking import asking
from tests.web.shelf import STARTED, Shelf, finished_call, running_call
from voicebot.analytics.funnel import Answers, FunnelEdge, FunnelStep
from voicebot.analytics.history import Span, Split
from voicebot.analytics.misunderstood import Cluster, Clusters, Misheard, Misses, Spot, Trouble
from voicebot.document import Place
from voicebot.errors import ModelError
from voicebot.sessions.records import CallRecord
from voicebot.types import CallId, Language
from voicebot.web.api.workbench import workbench_router

EN = Language("en-US")
STEP, MENU = Place("flows/main.yaml", 3, 3), Place("grammars/menu.gram", 0, 0)
SPOT = Spot("main", "start", 2, STEP, (MENU,), None)


class Turns:
    """The same two turns of everybody."""

    def __init__(self) -> None:
        self.asked: list[tuple[Span, Mapping[Split, str], float, int]] = []

    async def misheard(
        self, span: Span, where: Mapping[Split, str], *, unsure: float, limit: int
    ) -> Misses:
        self.asked.append((span, where, unsure, limit))
        found = [
            Misheard(CallId(call), 1.0, "main", "start", EN, text, 0.4, False)
            for call, text in (("a", "refund"), ("b", "voucher"))
        ]
        return Misses(tuple(found), True)


class Bench:
    """A cluster for each turn."""

    def __init__(self) -> None:
        self.missing = False
        self.followed: list[str] = []

    def clusters(self, turns: Sequence[Misheard]) -> Clusters:
        if self.missing:
            raise ModelError("minilm", "its weights are missing")
        kinds = ((Trouble.NOMATCH, 1),)
        found = [Cluster(EN, turn.text, (turn, turn), kinds, (SPOT,)) for turn in turns]
        return Clusters(tuple(found), 3)

    def funnel(self, calls: Sequence[CallRecord]) -> list[FunnelStep]:
        self.followed = [call.id for call in calls]
        ways = (FunnelEdge("order", "answer", "order", 3),)
        answers = Answers(4, barged_in=2, nomatch=1, slow_ms=900.0)
        return [FunnelStep("main", "start", "flows/main.yaml", 3, 3, 4, 1, ways, answers)]

    def picture(self, calls: Sequence[CallRecord]) -> str:
        return f"<svg><title>{len(calls)}</title></svg>"


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
async def client(turns: Turns, bench: Bench) -> AsyncIterator[httpx.AsyncClient]:
    shelf = Shelf([running_call(), finished_call()])
    router = workbench_router(turns, shelf, lambda: bench, clock=lambda: STARTED)
    async with asking(router) as client:
        yield client


async def _get(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_clusters_come_in_pages(client: httpx.AsyncClient, turns: Turns) -> None:
    first = await _get(client, "/api/misunderstood?limit=1&unsure=0.5")
    assert (first["turns"], first["complete"], first["next_offset"]) == (2, True, 1)
    assert first["clusters"] == [
        {
            "language": "en-US",
            "text": "refund",
            "count": 2,
            "kinds": {"nomatch": 1},
            "examples": ["refund"],
            "calls": ["a"],
            "spots": [
                {
                    "flow": "main",
                    "step": "start",
                    "count": 2,
                    "place": {"file": "flows/main.yaml", "line": 3, "column": 3},
                    "grammars": [{"file": "grammars/menu.gram", "line": 0, "column": 0}],
                    "intents": None,
                }
            ],
        }
    ]
    second = await _get(client, "/api/misunderstood?limit=1&offset=1")
    assert [each["text"] for each in second["clusters"]] == ["voucher"]
    assert second["next_offset"] is None
    assert first["pending"] == 3
    week, inbound = Span(STARTED - 7 * 86_400, STARTED), {Split.DIRECTION: "inbound"}
    assert turns.asked[0] == (week, inbound, 0.5, 2000)


async def test_a_missing_model_is_told(client: httpx.AsyncClient, bench: Bench) -> None:
    bench.missing = True
    answer = await client.get("/api/misunderstood")
    assert (answer.status_code, answer.json()["detail"]) == (503, "minilm: its weights are missing")


async def test_calls_that_have_ended_are_followed(client: httpx.AsyncClient, bench: Bench) -> None:
    found = await _get(client, "/api/funnel")
    assert bench.followed == ["c2"]
    assert (found["calls"], found["complete"]) == (1, True)
    (step,) = found["steps"]
    assert (step["arrived"], step["left"], step["drop_off"]) == (4, 1, 0.25)
    assert step["ways"] == [{"target": "order", "why": "answer", "label": "order", "count": 3}]
    assert step["answers"] == {
        "turns": 4,
        "barged_in": 2,
        "nomatch": 1,
        "noinput": 0,
        "slow_ms": 900.0,
    }


async def test_the_picture_may_not_run_scripts(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/funnel/picture")
    assert (answer.status_code, answer.text) == (200, "<svg><title>1</title></svg>")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("query", ["funnel?calls=0", "misunderstood?unsure=2", "funnel?by=queue"])
async def test_what_makes_no_sense_is_told(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/api/{query}")).status_code == 422
