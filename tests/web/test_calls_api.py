"""``/api/calls`` gives what the design promises, and refuses what it does not understand."""

from __future__ import annotations

import httpx
import pytest
from structlog.testing import capture_logs

from tests.web.conftest import House
from tests.web.shelf import STARTED, finished_call, running_call
from voicebot.errors import StorageError
from voicebot.sessions.records import CallQuery, Cursor
from voicebot.types import CallId, Outcome


async def test_a_finished_call_is_given_with_its_turns(
    house: House, client: httpx.AsyncClient
) -> None:
    house.archive.calls.append(finished_call({"order": "4271"}))
    answer = await client.get("/api/calls/c2")
    assert answer.status_code == 200
    assert answer.json() == {
        "id": "c2",
        "transport": "sip",
        "caller": "+15550100",
        "callee": "shop",
        "flow": "main",
        "language": "en-US",
        "version": "",
        "started_at": "2026-11-21T10:00:00.250000Z",
        "answered_at": "2026-11-21T10:00:01.250000Z",
        "ended_at": "2026-11-21T10:01:00.250000Z",
        "outcome": "self_served",
        "reason": "goodbye",
        "direction": "inbound",
        "answered_by": "",
        "headers": {},
        "matter": {"about": "order", "details": {"number": "4271"}, "open": False},
        "customer": "17",
        "turns": [
            {
                "at": "2026-11-21T10:00:09.250000Z",
                "step": "ask_order",
                "prompt": "Which order?",
                "result": "match",
                "heard": {
                    "text": "four two seven one",
                    "semantics": {"order": "4271"},
                    "confidence": 0.93,
                    "mode": "speech",
                },
                "latency_ms": None,
                "barged_in": True,
            },
            {
                "at": "2026-11-21T10:00:20.250000Z",
                "step": "anything",
                "prompt": "More?",
                "result": "noinput",
                "heard": None,
                "latency_ms": 480.0,
                "barged_in": False,
            },
        ],
        "recording": None,
    }


async def test_a_running_call_has_no_end_yet(house: House, client: httpx.AsyncClient) -> None:
    house.archive.calls.append(running_call())
    call = (await client.get("/api/calls/c1")).json()
    assert (call["answered_at"], call["ended_at"], call["outcome"]) == (None, None, None)


async def test_an_unknown_call_is_a_404_in_json(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/calls/nobody")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "no call has this id"}


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
    assert house.archive.asked == [(query, None, 7)]


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
        answer = await client.get("/api/calls/15550100")
    assert answer.status_code == 500
    assert answer.json() == {"detail": "something of ours broke"}
    # The log names the route; the path itself may hold a caller's number.
    assert [(line["event"], line["route"]) for line in logged] == [
        ("request_failed", "/api/calls/{id}")
    ]
