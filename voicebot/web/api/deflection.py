"""``/api/deflection``: how many contacts were served in text (`analytics.deflection`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from voicebot.analytics.deflection import DeflectionRecords, Funnel, deflection
from voicebot.events import DeflectionStage
from voicebot.web.moments import Moment

DAY_S = 86_400.0
MOST_DAYS = 93


class FunnelModel(BaseModel):
    """Contacts by stage, each once per stage. Rates are 0 to 1, null over nothing."""

    offered: int
    declined: int
    accepted: int
    failed: int = Field(description="said yes, and no link could be sent")
    opened: int
    served: int
    handed_on: int = Field(description="the text ended with a person")
    came_back: int = Field(description="went back to voice")
    gave_up: int
    deflected: int = Field(description="served in text, neither handed on nor come back")
    acceptance_rate: float | None = Field(description="accepted of offered")
    completion_rate: float | None = Field(description="deflected of accepted")
    deflection_rate: float | None = Field(description="deflected of offered")

    @classmethod
    def of(cls, funnel: Funnel) -> FunnelModel:
        reached = {
            stage.value.replace(" ", "_"): funnel.reached.get(stage, 0) for stage in DeflectionStage
        }
        return cls(
            **reached,
            deflected=funnel.deflected,
            acceptance_rate=funnel.acceptance_rate,
            completion_rate=funnel.completion_rate,
            deflection_rate=funnel.deflection_rate,
        )


class Hour(BaseModel):
    hour: datetime = Field(description="its beginning, UTC")
    funnel: FunnelModel


class DeflectionReport(BaseModel):
    """A contact counts at the hour of its first offer; the latest hours are not final."""

    since: datetime
    until: datetime
    whole: FunnelModel
    by_intent: dict[str, FunnelModel]
    by_hour: list[Hour]


def deflection_router(
    records: DeflectionRecords, clock: Callable[[], float] = time.time
) -> APIRouter:
    """Serve what ``records`` hold."""
    router = APIRouter(prefix="/api/deflection", tags=["text"])

    @router.get("", summary="How many contacts were served in text")
    async def report(
        since: Annotated[
            Moment | None,
            Query(description="contacts first offered text then or later (default: a day ago)"),
        ] = None,
        until: Annotated[
            Moment | None, Query(description="and before this time (default: now)")
        ] = None,
    ) -> DeflectionReport:
        """By intent and by hour. At most 93 days at once; UTC where no zone is given."""
        end = clock() if until is None else until.timestamp()
        begin = end - DAY_S if since is None else since.timestamp()
        if not begin < end <= begin + MOST_DAYS * DAY_S:
            raise HTTPException(422, f"since should be before until, by at most {MOST_DAYS} days")
        found = deflection(await records.stages(begin, end))
        return DeflectionReport(
            since=datetime.fromtimestamp(begin, UTC),
            until=datetime.fromtimestamp(end, UTC),
            whole=FunnelModel.of(found.whole),
            by_intent={intent: FunnelModel.of(each) for intent, each in found.by_intent.items()},
            by_hour=[
                Hour(hour=datetime.fromtimestamp(hour, UTC), funnel=FunnelModel.of(each))
                for hour, each in found.by_hour.items()
            ],
        )

    return router
