"""``/api/alerts``: what stands, and muting it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, HTTPException
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field

from voicebot.alerts.model import AlertView, Mute
from voicebot.errors import UsageError
from voicebot.staff.model import Actor
from voicebot.web.api.models import Problem
from voicebot.web.identity import actor_of

LONGEST_S = 7 * 86_400


class AlertDesk(Protocol):
    """What the router needs of alerts."""

    @property
    def rule_names(self) -> Sequence[str]: ...

    def views(self) -> tuple[AlertView, ...]:
        """The alerts that stand, the longest standing first."""
        ...

    def mutes(self) -> tuple[Mute, ...]:
        """The mutes that have not ended."""
        ...

    async def mute(self, name: str, queue: str, seconds: float, actor: Actor) -> Mute:
        """Raises UsageError where there are too many, StorageError."""
        ...

    async def unmute(self, mute_id: str, actor: Actor) -> bool:
        """False where there is no such mute. Raises StorageError."""
        ...


class AlertList(BaseModel):
    """Times are UTC epoch seconds."""

    alerts: list[AlertView] = Field(description="those that stand, the longest standing first")
    mutes: list[Mute] = Field(description="those that have not ended")
    rules: list[str] = Field(description="names of all alerts of the application")


class MuteOrder(BaseModel):
    """What is not to be told of, and how long."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=64, description="of the alert; empty: all")
    queue: str = Field("", max_length=256, description="only in this queue; empty: in any")
    seconds: float = Field(ge=60, le=LONGEST_S, examples=[3600])


def alerts_router(desk: AlertDesk) -> APIRouter:
    """Serve ``desk``."""
    router = APIRouter(prefix="/api/alerts", tags=["wall"])

    @router.get("", summary="Alerts that stand")
    async def alerts() -> AlertList:
        """Give alerts, mutes, and the names of all rules."""
        return AlertList(
            alerts=list(desk.views()), mutes=list(desk.mutes()), rules=list(desk.rule_names)
        )

    @router.post(
        "/mutes",
        status_code=201,
        summary="Mute alerts for a time",
        responses={
            404: {"model": Problem, "description": "No such alert."},
            409: {"model": Problem, "description": "Too many mutes."},
        },
    )
    async def mute(order: MuteOrder, actor: Annotated[Actor, Depends(actor_of)]) -> Mute:
        """They still stand on the wall, but nobody is told; it is noted in the audit log."""
        if order.name and order.name not in desk.rule_names:
            raise HTTPException(404, "no such alert")
        try:
            return await desk.mute(order.name, order.queue, order.seconds, actor)
        except UsageError as error:
            raise HTTPException(409, str(error)) from None

    @router.delete(
        "/mutes/{mute_id}",
        status_code=204,
        summary="End a mute",
        responses={404: {"model": Problem, "description": "No such mute."}},
    )
    async def unmute(
        mute_id: Annotated[str, InPath(max_length=32)],
        actor: Annotated[Actor, Depends(actor_of)],
    ) -> None:
        """What still stands is told then."""
        if not await desk.unmute(mute_id, actor):
            raise HTTPException(404, "no such mute")

    return router
