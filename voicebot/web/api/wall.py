"""``/api/wall``: the line as it stands, once or as it changes (server-sent events).

Every event is a whole picture, so that a page which lost its line needs nothing but the next one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter, Depends, HTTPException
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import TypeAdapter

from voicebot.errors import CallError
from voicebot.wall.board import Board, Watching
from voicebot.wall.model import Wall
from voicebot.web.api.models import Problem

COME_BACK_MS: Final = 2000
"""How long a page waits before it asks again for a line that broke."""

_WALL: Final = TypeAdapter(Wall)


def encode(wall: Wall) -> str:
    """``wall`` as JSON, in one line."""
    return _WALL.dump_json(wall).decode()


def wall_router(board: Board) -> APIRouter:
    """Serve ``board``."""
    router = APIRouter(prefix="/api/wall", tags=["wall"])

    # As with `/api/events`: the watching begins before the response's head is sent.
    async def watch() -> AsyncIterator[Watching]:
        try:
            watching = board.watch()
        except CallError as error:
            raise HTTPException(503, str(error)) from None
        with watching:
            yield watching

    @router.get("", summary="The line as it stands")
    async def wall() -> Wall:
        """Give one picture, at most a second old. Times are UTC epoch seconds."""
        return await board.look()

    @router.get(
        "/events",
        summary="Follow the line",
        response_class=EventSourceResponse,
        responses={503: {"model": Problem, "description": "Too many are watching."}},
    )
    async def follow(watching: Watching = Depends(watch)) -> AsyncIterator[ServerSentEvent]:
        """Send `wall` events, each with the whole picture, when it changes, and at the latest every
        5 s."""
        async for picture in watching:
            yield ServerSentEvent(event="wall", raw_data=picture, retry=COME_BACK_MS)

    return router
