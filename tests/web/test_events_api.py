"""``/api/events`` streams calls as they happen, over a real socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.staff.memory import BEARER
from tests.web.conftest import House
from voicebot.events import CallAnswered, CallEnded, CallStarted, TurnResult
from voicebot.sessions.feed import (
    AgentMoved,
    InputHeard,
    LiveEvent,
    PartHeard,
    PromptSpoken,
    QueueMoved,
    TurnHidden,
)
from voicebot.types import CallId, Heard, Language, Mode, Outcome
from voicebot.web.server import HttpServer

AT = 1_795_255_200.0


def _call(call: str) -> list[LiveEvent]:
    name = CallId(call)
    heard = Heard("4271", {"order": "4271"}, 1.0, Mode.DTMF)
    return [
        CallStarted(name, AT, "sip", "alice", "shop", "main", Language("en-US")),
        CallAnswered(name, AT),
        PromptSpoken(name, AT, "ask", "Which order?\nPlease say or key it.", 480.0, 1),
        PartHeard(name, AT, "ask", "four two"),
        InputHeard(name, AT, "ask", TurnResult.MATCH, heard),
        InputHeard(name, AT, "ask", TurnResult.NOINPUT, None),
        TurnHidden(name, AT, 1, "Which order?", Heard("••••", None, 1.0, Mode.DTMF)),
        CallEnded(name, AT, Outcome.SELF_SERVED, "goodbye"),
    ]


@pytest.fixture
async def remote(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    server = HttpServer(app, "127.0.0.1", 0)
    await server.start()
    async with httpx.AsyncClient(base_url=server.url, timeout=10, headers=BEARER) as client:
        yield client
    await server.stop()


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    name = ""
    async for line in answer.aiter_lines():
        key, _, value = line.partition(": ")
        if key == "event":
            name = value
        elif key == "data":
            yield name, json.loads(value)


async def test_a_call_is_told_as_it_happens(house: House, remote: httpx.AsyncClient) -> None:
    async with remote.stream("GET", "/api/events", params={"call": "a"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = _events(answer)
        for sent, name in zip(
            _call("a"),
            ["started", "answered", "prompt", "partial", "heard", "heard", "hidden", "ended"],
            strict=True,
        ):
            house.feed.publish(sent)
            heard_name, data = await anext(told)
            assert heard_name == name
            assert (data["call"], data["at"]) == ("a", "2026-11-21T10:00:00Z")
        assert [extra async for extra in told] == []  # the stream ends with the call


async def test_the_data_of_events_is_what_a_caller_of_the_api_expects(
    house: House, remote: httpx.AsyncClient
) -> None:
    async with remote.stream("GET", "/api/events") as answer:
        told = _events(answer)
        data = {}
        for sent in _call("a")[:5]:
            house.feed.publish(sent)
            name, data[name] = await anext(told)
    assert data["started"]["caller"] == "alice"
    assert data["prompt"]["prompt"] == "Which order?\nPlease say or key it."
    assert data["prompt"]["latency_ms"] == 480.0
    assert (data["partial"]["step"], data["partial"]["text"]) == ("ask", "four two")
    assert data["heard"]["heard"] == {
        "text": "4271",
        "semantics": {"order": "4271"},
        "confidence": 1.0,
        "mode": "dtmf",
    }


async def test_queues_and_agents_are_told_to_who_follows_all(
    house: House, remote: httpx.AsyncClient
) -> None:
    async with remote.stream("GET", "/api/events") as answer:
        told = _events(answer)
        house.feed.publish(QueueMoved(CallId("a"), AT, "waiting", "support", position=2))
        queue = await anext(told)
        house.feed.publish(AgentMoved("anna", AT, "paused", "lunch"))
        agent = await anext(told)
    assert queue[0] == "queue"
    assert queue[1] | {"call": "a", "change": "waiting", "queue": "support"} == queue[1]
    assert (queue[1]["position"], queue[1]["wait_s"]) == (2, None)
    at = "2026-11-21T10:00:00Z"
    assert agent == ("agent", {"at": at, "agent": "anna", "state": "paused", "reason": "lunch"})


async def test_other_calls_are_not_told_to_who_follows_one(
    house: House, remote: httpx.AsyncClient
) -> None:
    async with remote.stream("GET", "/api/events", params={"call": "b"}) as answer:
        house.feed.publish(_call("a")[0])
        house.feed.publish(_call("b")[-1])
        told = [(name, data["call"]) async for name, data in _events(answer)]
    assert told == [("ended", "b")]


async def test_a_slow_reader_is_told_that_it_lost(house: House, remote: httpx.AsyncClient) -> None:
    async with remote.stream("GET", "/api/events") as answer:
        for _ in range(house.feed.backlog + 1):
            house.feed.publish(_call("a")[1])
        names = [name async for name, _ in _events(answer)]
    assert names == ["answered"] * house.feed.backlog + ["lost"]


async def test_too_many_watchers_are_refused(house: House, remote: httpx.AsyncClient) -> None:
    with house.feed.subscribe(), house.feed.subscribe():
        answer = await remote.get("/api/events")
    assert answer.status_code == 503
    assert "too many watchers" in answer.json()["detail"]


async def test_a_watcher_that_goes_away_makes_room(house: House, app: FastAPI) -> None:
    server = HttpServer(app, "127.0.0.1", 0)
    await server.start()
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=10, headers=BEARER) as client,
        client.stream("GET", "/api/events"),
    ):
        assert house.feed.watchers == 1
    await server.stop()
    assert house.feed.watchers == 0


async def test_closing_the_feed_ends_the_streams(house: House, remote: httpx.AsyncClient) -> None:
    async with remote.stream("GET", "/api/events") as answer:
        house.feed.close()
        assert [name async for name, _ in _events(answer)] == []
