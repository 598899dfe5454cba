"""Search over HTTP: pages, marked hits, and queries that ask for nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from tests.web.asking import asking
from voicebot.analytics.history import Split
from voicebot.analytics.search import SearchQuery, Speaker, TurnFound
from voicebot.events import TurnResult
from voicebot.types import CallId, Outcome
from voicebot.web.api.search import search_router


class Pile:
    """Turns 3, 2 and 1; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[SearchQuery] = []

    async def find(
        self, query: SearchQuery, *, before: int | None, limit: int
    ) -> Sequence[TurnFound]:
        self.asked.append(query)
        return [found(place) for place in (3, 2, 1) if before is None or place < before][:limit]


def found(place: int) -> TurnFound:
    heard = "I want <b>my refund</b>"
    return TurnFound(
        *(place, CallId(f"c{place}"), place, 10.0, "ask", heard, "Hello", TurnResult.MATCH),
        *("+15550100", "main", "sip", 5.0, None),
    )


@pytest.fixture
def pile() -> Pile:
    return Pile()


@pytest.fixture
async def client(pile: Pile) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(search_router(pile)) as client:
        yield client


async def test_hits_are_marked_and_pages_follow_each_other(client: httpx.AsyncClient) -> None:
    first = (await client.get("/api/search", params={"q": "refund", "limit": 2})).json()
    assert [hit["call"] for hit in first["hits"]] == ["c3", "c2"]
    assert [piece for piece in first["hits"][0]["heard"] if piece["hit"]] == [
        {"text": "refund", "hit": True}
    ]
    asked = {"q": "refund", "limit": 2, "cursor": first["next_cursor"]}
    second = (await client.get("/api/search", params=asked)).json()
    assert [hit["call"] for hit in second["hits"]] == ["c1"]
    assert second["next_cursor"] is None


async def test_filters_reach_the_transcripts(pile: Pile, client: httpx.AsyncClient) -> None:
    asked = {"q": "refund", "who": "caller", "since": "1970-01-01T00:01:00", "until": "1970-01-02"}
    asked |= {"queue": "support", "outcome": "failed"}
    assert (await client.get("/api/search", params=asked)).status_code == 200
    (query,) = pile.asked
    assert (query.speaker, query.since, query.until) == (Speaker.CALLER, 60.0, 86_400.0)
    assert (query.where, query.outcome) == ({Split.QUEUE: "support"}, Outcome.FAILED)


@pytest.mark.parametrize("query", ["", "😀", '"', "x" * 10_000])
async def test_any_query_is_answered(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get("/api/search", params={"q": query})
    assert answer.status_code == 200


@pytest.mark.parametrize("query", ["limit=0", "q=a&who=agent", "q=a&cursor=-1", "q=a&colour=1"])
async def test_a_bad_parameter_is_a_422(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/api/search?{query}")).status_code == 422
