"""``/api/events``: calls as they happen, as server-sent events (WHATWG HTML, section 9.2).

Nothing is repeated and there are no event ids: a watcher that comes late or loses its line reads
`/api/calls` for what it missed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import JsonValue

from voicebot.errors import CallError
from voicebot.events import CallAnswered, CallEnded, CallStarted
from voicebot.sessions.feed import (
    AgentMoved,
    EventFeed,
    InputHeard,
    LiveEvent,
    PartHeard,
    PromptSpoken,
    QueueMoved,
    Subscription,
    TurnHidden,
)
from voicebot.types import CallId
from voicebot.types import Heard as HeardInput
from voicebot.web.api.models import Heard, Problem, utc


def events_router(feed: EventFeed) -> APIRouter:
    """Stream what ``feed`` publishes."""
    router = APIRouter(prefix="/api/events", tags=["calls"])

    # A dependency, so that the watching begins before the response's head is sent: who has the
    # head and then dials misses nothing.
    def watch(
        call: Annotated[
            str | None,
            Query(max_length=64, description="follow this call until it ends; all calls if absent"),
        ] = None,
    ) -> Iterator[Subscription]:
        try:
            subscription = feed.subscribe(CallId(call) if call is not None else None)
        except CallError as error:
            raise HTTPException(503, str(error)) from None
        with subscription:
            yield subscription

    @router.get(
        "",
        summary="Follow calls live",
        response_class=EventSourceResponse,
        responses={503: {"model": Problem, "description": "Too many are watching."}},
    )
    async def follow(
        # Not Annotated: `watch` is local, and postponed annotations are read from outside.
        subscription: Subscription = Depends(watch),
    ) -> AsyncIterator[ServerSentEvent]:
        """Send `started`, `answered`, `prompt`, `partial`, `heard`, `hidden`, `queue` and `ended`
        as they happen. The data is a JSON object with `call` (its id) and `at`. `hidden` says how
        a turn told before (`turn`) reads now: it held a piece of a secret. Who follows all gets
        `agent` too, with `agent`, `state` and `reason`. A watcher that reads too slowly gets
        `lost` and is cut off."""
        async for event in subscription:
            yield server_sent(event)
        if subscription.lost:
            yield ServerSentEvent(event="lost", data={})

    return router


def server_sent(event: LiveEvent) -> ServerSentEvent:
    """``event`` as watchers see it: a name and a JSON object."""
    match event:
        case CallStarted():
            name, data = "started", _started(event)
        case CallAnswered():
            by = {"answered_by": event.answered_by} if event.answered_by else {}
            name, data = "answered", dict(by)
        case PromptSpoken():
            name, data = "prompt", _prompt(event)
        case PartHeard():
            name, data = "partial", {"step": event.step, "text": event.text}
        case InputHeard():
            name, data = "heard", _heard(event)
        case TurnHidden():
            name, data = "hidden", {"turn": event.turn, "prompt": event.prompt}
            data["heard"] = _words(event.heard)
        case QueueMoved():
            name, data = "queue", _queue(event)
        case AgentMoved():
            data = {"agent": event.agent, "state": event.state, "reason": event.reason}
            return ServerSentEvent(event="agent", data={"at": _iso(event.at), **data})
        case CallEnded():
            name, data = "ended", {"outcome": event.outcome.value, "reason": event.reason}
    common: dict[str, JsonValue] = {"call": event.call_id, "at": _iso(event.at)}
    return ServerSentEvent(event=name, data=common | data)


def _started(event: CallStarted) -> dict[str, JsonValue]:
    return {
        "transport": event.transport,
        "caller": event.caller,
        "callee": event.callee,
        "flow": event.flow,
        "language": event.language,
        "direction": event.direction,
        "version": event.version,
    }


def _queue(event: QueueMoved) -> dict[str, JsonValue]:
    return {
        "change": event.change,
        "queue": event.queue,
        "agent": event.agent,
        "position": event.position,
        "wait_s": event.wait_s,
        "waited_s": event.waited_s,
        "reason": event.reason,
    }


def _prompt(event: PromptSpoken) -> dict[str, JsonValue]:
    return {
        "step": event.step,
        "turn": event.turn,
        "prompt": event.prompt,
        "latency_ms": event.latency_ms,
    }


def _heard(event: InputHeard) -> dict[str, JsonValue]:
    return {
        "step": event.step,
        "turn": event.turn,
        "result": event.result.value,
        "heard": _words(event.heard),
    }


def _words(heard: HeardInput | None) -> JsonValue:
    return None if heard is None else Heard.of(heard).model_dump(mode="json")


def _iso(at: float) -> str:
    return utc(at).isoformat().replace("+00:00", "Z")
