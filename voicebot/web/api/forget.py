"""``/api/forget``: delete what is kept of one caller; for administrators, and in the audit log.

The number comes in the body, for paths end up in the logs of proxies.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TypeAlias

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from voicebot.errors import UsageError
from voicebot.sessions.traces import Forgetting, Forgotten, Traces
from voicebot.staff.model import Actor
from voicebot.web.api.models import Problem
from voicebot.web.identity import actor_of

Note: TypeAlias = Callable[[Actor, Traces], Awaitable[None]]
"""Writes into the audit log that somebody was forgotten."""


class Wish(BaseModel):
    """Who is to be forgotten."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(min_length=1, max_length=64, description="as calls show it")
    sure: bool = Field(False, description="false: only tell what there is")


class Found(BaseModel):
    """How much there is, or was."""

    deleted: bool
    calls: int
    going_on: int = Field(description="calls that are not over; they are left alone")
    turns: int
    recordings: int
    questions: int = Field(description="that the knowledge did not answer")
    conversations: int
    lines: int
    messages: int
    callbacks: int
    held_places: int = Field(description="in queues, for who may go on in text")
    opt_outs: int
    notes: int = Field(description="that agents wrote")
    notices: int = Field(description="that other programs are still to be told")
    asked_calls: int = Field(description="asked for from a page in the last day")
    left: str = Field(description="where the number still stands; empty where it does not")


def forget_router(forgetting: Forgetting, note: Note) -> APIRouter:
    """Serve ``forgetting``."""
    router = APIRouter(prefix="/api/forget", tags=["privacy"])

    @router.post(
        "", summary="Show or delete what is kept of a caller", responses={422: {"model": Problem}}
    )
    async def forget(wish: Wish, request: Request) -> Found:
        """Tell how much there is; with ``sure`` it is gone."""
        try:
            if not wish.sure:
                return _found(Forgotten(await forgetting.trace(wish.number)), deleted=False)
            forgotten = await forgetting.forget(wish.number)
        except UsageError as error:
            raise HTTPException(422, str(error)) from None
        await note(actor_of(request), forgotten.traces)
        return _found(forgotten, deleted=True)

    return router


def _found(forgotten: Forgotten, *, deleted: bool) -> Found:
    return Found(deleted=deleted, left=forgotten.left, **asdict(forgotten.traces))
