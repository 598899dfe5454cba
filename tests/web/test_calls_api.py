"""``/api/calls`` gives what the design promises, and refuses what it does not understand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from structlog.testing import capture_logs

from tests.web.conftest import House
from tests.web.shelf import STARTED, finished_call, running_call
from voicebot.action_result import ActionResult
from voicebot.errors import StorageError
from voicebot.events import DeflectionStage
from voicebot.sessions.records import CallQuery, Cursor
from voicebot.types import CallId, Outcome


async def test_the_cursor_of_a_page_leads_to_the_next(
    house: House, client: httpx.AsyncClient
) -> None:
    house.archive.calls.extend([running_call("c1"), finished_call()])
    page = (await client.get("/api/calls", params={"limit": 1})).json()
    assert [call["id"] for call in page["calls"]] == ["c1"]
    await client.get("/api/calls", params={"cursor": page["next_cursor"]})
    assert house.archive.asked[-1][1] == Cursor(STARTED, CallId("c1"))


async def test_the_last_page_has_no_cursor(house: House, client: httpx.AsyncClient) -> None:
    house.archive.calls.append(running_call())
    assert (await client.get("/api/calls")).json()["next_cursor"] is None


async def test_filters_reach_the_archive(house: House, client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "/api/calls",
        params={
            "outcome": "transferred",
            "caller": "+15550100",
            "since": "2026-11-21T10:00:00.25Z",
            "until": "2026-11-21T11:00:00.25+01:00",
            "limit": "7",
        },
    )
    assert answer.status_code == 200
    query = CallQuery(Outcome.TRANSFERRED, "+15550100", since=STARTED, until=STARTED)
    ((asked, after, limit),) = house.archive.asked
    assert (replace(asked, now=0.0), after, limit) == (query, None, 7)


async def test_values_and_facts_reach_the_archive(house: House, client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/calls?queue=support&agent=&fact=repeats&direction=inbound")
    assert answer.status_code == 200
    query = house.archive.asked[0][0]
    assert query.where == {"queue": "support", "agent": "", "direction": "inbound"}
    assert query.fact == "repeats"


async def test_actions_and_ids_reach_the_archive(house: House, client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/calls?action=find_order&action_result=timed_out&ids=a,b")
    assert answer.status_code == 200
    query = house.archive.asked[0][0]
    assert query.action == ("find_order", ActionResult.TIMED_OUT)
    assert query.ids == ("a", "b")


async def test_stages_of_text_reach_the_archive(house: House, client: httpx.AsyncClient) -> None:
    asked = {"text_stage": "gave up", "text_intent": "tracking"}
    assert (await client.get("/api/calls", params=asked)).status_code == 200
    assert house.archive.asked[0][0].text_stage == (DeflectionStage.GAVE_UP, "tracking")
    assert (await client.get("/api/calls?text_intent=tracking")).status_code == 422


async def test_an_hour_of_the_week_is_looked_for_by_the_clocks_of_the_zone(
    house: House, client: httpx.AsyncClient
) -> None:
    answer = await client.get(
        "/api/calls",
        params={
            "since": "2026-11-01T00:00:00Z",
            "until": "2026-11-22T09:30:00Z",
            "hour_of_week": "7-10",
            "zone": "Europe/Berlin",
        },
    )
    assert answer.status_code == 200
    within = house.archive.asked[0][0].within
    assert within is not None
    begins = [datetime.fromtimestamp(each, UTC).isoformat() for each, _ in within]
    assert begins == [f"2026-11-{day:02}T09:00:00+00:00" for day in (1, 8, 15, 22)]
    assert within[-1][1] - within[-1][0] == 1800


async def test_a_time_without_zone_is_utc(house: House, client: httpx.AsyncClient) -> None:
    await client.get("/api/calls", params={"since": "2026-11-21T10:00:00.25"})
    assert house.archive.asked[0][0].since == STARTED


@pytest.mark.parametrize(
    "query",
    [
        "outcome=lost",
        "limit=0",
        "limit=201",
        "limit=many",
        "since=yesterday",
        "since=1e400",
        "cursor=x",
        "colour=blue",
        "fact=contacts",
        "ids=a,,b",
        "action_result=lost&action=find_order",
        "text_stage=lost",
        "hour_of_week=8-01&since=2026-11-21",
        "zone=Berlin&since=2026-11-21&hour_of_week=1-01",
    ],
)
async def test_a_bad_query_is_a_422_that_names_the_parameter(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get(f"/api/calls?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", query.partition("=")[0]]


async def test_a_database_that_is_away_is_a_503(house: House, client: httpx.AsyncClient) -> None:
    house.archive.broken = StorageError("call records cannot be read: database is locked")
    answer = await client.get("/api/calls")
    assert answer.status_code == 503
    assert answer.json() == {"detail": "call records cannot be read: database is locked"}


async def test_a_mistake_of_ours_is_a_500_that_tells_nothing(
    house: House, client: httpx.AsyncClient
) -> None:
    house.archive.broken = RuntimeError("a secret of the house")
    with capture_logs() as logged:
        answer = await client.get("/api/calls?caller=15550100")
    assert answer.status_code == 500
    assert answer.json() == {"detail": "something of ours broke"}
    # The log names the route; the path itself may hold a caller's number.
    assert [(line["event"], line["route"]) for line in logged] == [("request_failed", "/api/calls")]
