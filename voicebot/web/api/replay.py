"""``/api/replay``: where calls of the record would go with the files of today."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from voicebot import types
from voicebot.errors import ReplayRefused
from voicebot.events import TurnResult
from voicebot.types import CallId
from voicebot.web.api.models import Problem

MOST: Final = 20
"""Calls of one replay."""

Replay = Callable[[Sequence[CallId]], Awaitable[dict[str, Any]]]
"""Takes calls through today's files; gives what `ReplayAnswer` tells. Raises ReplayRefused."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ReplayWish(BaseModel):
    """Which calls are to be replayed."""

    model_config = ConfigDict(extra="forbid")

    calls: list[Annotated[str, StringConstraints(min_length=1, max_length=64)]] = Field(
        min_length=1, max_length=MOST, description="ids, as /api/calls gives them"
    )


class ReplayedTurn(_Model):
    """What was understood at a step, and where that led; `next` is empty where it ended."""

    step: str
    result: TurnResult
    meaning: JsonValue
    next: str


class CourseModel(_Model):
    """The way of a call. `stopped` tells why it could not be followed to its end, null where it
    was."""

    outcome: types.Outcome | None
    stopped: str | None
    turns: list[ReplayedTurn]


class ReplayedCall(_Model):
    """One call: its way as recorded, and with the files of today. `first_difference` is the place
    (from 0) of the first turn that differs."""

    id: str
    changed: bool
    first_difference: int | None
    before: CourseModel
    after: CourseModel


class ReplayAnswer(_Model):
    """The calls in the order that was asked for."""

    rerouted: int = Field(description="calls that take another way")
    stopped: int = Field(description="calls that could not be followed to their end")
    calls: list[ReplayedCall]


def replay_router(replay: Replay) -> APIRouter:
    """Serve what ``replay`` finds."""
    router = APIRouter(prefix="/api/replay", tags=["history"])

    @router.post(
        "",
        summary="Take calls through the files of today",
        responses={
            409: {"model": Problem, "description": "These calls cannot be replayed."},
            503: {"model": Problem, "description": "Another replay is running."},
        },
    )
    async def replay_calls(wish: ReplayWish) -> ReplayAnswer:
        """Give what these calls would come to: the words, keys and silences of their callers are
        put to the application as its files are now. Actions run on the sample database; nothing is
        changed. It takes some seconds, in a process of its own, one replay at a time."""
        try:
            found = await replay([CallId(each) for each in wish.calls])
        except ReplayRefused as error:
            wait = {"Retry-After": "5"} if error.busy else None
            raise HTTPException(503 if error.busy else 409, str(error), wait) from None
        return ReplayAnswer.model_validate(found)

    return router
