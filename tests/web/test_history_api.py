"""The ledger over HTTP: measures, parts in pages, comparison, and the export."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
import pytest

from tests.staff.memory import MemoryLog
from tests.web.asking import asking
from voicebot.analytics.contacts import LedgerContact
from voicebot.analytics.history import HourSums, Span, Split
from voicebot.analytics.measures import MEASURES, AgentSeconds, Costs
from voicebot.analytics.totals import DAY_S, Totals
from voicebot.staff.model import Actor, Deed
from voicebot.web.api.history import history_router
from voicebot.web.identity import actor_of

NOW = 1_795_255_200.0
"""2026-11-21T10:00Z"""


class Books:
    """Two queues; as many contacts are served as the interval has days. Remembers the questions."""

    def __init__(self) -> None:
        self.asked: list[tuple[Span, Mapping[Split, str], Split | None, bool]] = []
        self.exported: list[Span] = []
        self.log = MemoryLog()

    async def sums(
        self,
        span: Span,
        where: Mapping[Split, str],
        split: Split | None,
        *,
        hourly: bool,
        now: float,
        starts: Sequence[int] = (),
    ) -> Sequence[HourSums]:
        self.asked.append((span, where, split, hourly))
        served = int((span.until - span.since) / DAY_S)
        hour = int(span.since // 3600) if hourly else None
        values = ["returns", "support"] if split else [""]
        return [HourSums(hour, each, Totals(contacts=10, self_served=served)) for each in values]

    async def agent_seconds(self, span: Span) -> Mapping[str, AgentSeconds]:
        return {}

    async def pages(self, span: Span, now: float) -> AsyncIterator[Sequence[LedgerContact]]:
        self.exported.append(span)
        return
        yield


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
async def client(books: Books) -> AsyncIterator[httpx.AsyncClient]:
    router = history_router(books, books, Costs("EUR", 8.0, 0.5), books.log, clock=lambda: NOW)
    anna = {actor_of: lambda: Actor("anna", "192.0.2.1")}
    async with asking(router, instead=anna) as client:
        yield client


async def _get(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_every_measure_is_told_with_its_definition(
    client: httpx.AsyncClient, books: Books
) -> None:
    found = await _get(client, "/api/measures")
    told = {each["name"]: each for each in found["measures"]}
    assert {name: each["definition"] for name, each in told.items()} == {
        each.name: each.definition for each in MEASURES
    }
    assert told["containment"]["value"] == 0.7
    assert told["asa_s"]["value"] is None
    assert (found["currency"], found["since"]) == ("EUR", "2026-11-14T10:00:00Z")
    assert books.asked == [(Span(NOW - 7 * DAY_S, NOW), {Split.DIRECTION: "inbound"}, None, False)]


async def test_two_intervals_are_compared(client: httpx.AsyncClient) -> None:
    path = "/api/measures?since=2026-11-20T00:00:00Z&until=2026-11-21T00:00:00Z"
    found = await _get(client, f"{path}&compare_since=2026-11-13T00:00:00Z")
    (containment,) = (each for each in found["measures"] if each["name"] == "containment")
    assert containment["value"] == containment["compared"] == 0.1
    assert found["compared_contacts"]["contacts"] == 10
    assert (await _get(client, path))["compared_contacts"] is None


async def test_parts_come_in_pages(client: httpx.AsyncClient, books: Books) -> None:
    path = "/api/history?by=queue&every=day&limit=1&queue=&compare_since=2026-11-01T00:00:00Z"
    first = await _get(client, path)
    assert [row["value"] for row in first["rows"]] == ["returns"]
    assert first["rows"][0]["period"] == "2026-11-14"
    assert first["whole"]["contacts"]["contacts"] == 20
    assert first["compared"]["rows"][0]["period"] == "2026-11-01"
    second = await _get(client, f"{path}&offset={first['next_offset']}")
    assert [row["value"] for row in second["rows"]] == ["support"]
    assert second["next_offset"] is None
    assert books.asked[0][1] == {Split.DIRECTION: "inbound", Split.QUEUE: ""}


@pytest.mark.parametrize(
    "query, place",
    [
        ("since=2026-11-22T00:00:00Z", "since"),
        ("since=2020-01-01T00:00:00Z", "since"),
        ("compare_since=1969-12-01T00:00:00Z", "compare_since"),
        ("zone=Europe/Atlantis", "zone"),
        ("zone=../etc/passwd", "zone"),
        ("by=moon", "by"),
        ("quue=support", "quue"),
        ("limit=100000", "limit"),
        ("until=now", "until"),
        ("until=0001-01-01T00:00:00Z", "until"),
        ("until=9999-12-31T23:59:59-12:00", "until"),
        ("compare_since=9999-12-31T23:59:59-12:00", "compare_since"),
    ],
)
async def test_what_makes_no_sense_is_told(
    client: httpx.AsyncClient, query: str, place: str
) -> None:
    answer = await client.get(f"/api/history?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", place]


async def test_an_export_without_contacts_has_its_header(
    client: httpx.AsyncClient, books: Books
) -> None:
    answer = await client.get("/api/export/contacts.csv?since=2026-11-20T00:00:00Z")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith("id,started_at,")
    assert answer.text.count("\n") == 1
    assert books.exported == [Span(NOW - 34 * 3600, NOW)]


async def test_who_exported_which_days_is_in_the_audit_log(
    client: httpx.AsyncClient, books: Books
) -> None:
    await client.get("/api/export/contacts.csv?since=2026-11-20T00:00:00Z")
    days = "2026-11-20 00:00 to 2026-11-21 10:00 UTC"
    assert books.log.deeds == [("anna", Deed.CONTACTS_EXPORTED, days)]
    assert books.log.lines[0].address == "192.0.2.1"
    assert (await client.get("/api/export/contacts.csv?since=2027-01-01T00:00:00Z")).is_error
    assert len(books.log.lines) == 1
