"""``/api/actions``: how the actions of flows did, for the contacts that were chosen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from voicebot.action_result import ActionResult
from voicebot.analytics.action_runs import ActionFigures, ActionRuns, figures_of
from voicebot.web.api.history import Chosen


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ActionModel(_Model):
    """One action. Times are how long contacts waited for it, repetitions included."""

    action: str = Field(examples=["find_order"])
    kind: str = Field(
        description="sql, http, python, knowledge or history; empty where the application of now "
        "does not have it",
        examples=["sql"],
    )
    runs: int
    contacts: int = Field(description="contacts in which it ran")
    share: float = Field(description="the same of all that were looked at, 0 to 1")
    p50_ms: float | None = Field(description="null where no run had a time")
    p95_ms: float | None = Field(description="null where no run had a time")
    results: dict[ActionResult, int] = Field(description="how runs ended; they add up to `runs`")

    @classmethod
    def of(cls, figures: ActionFigures, kind: str) -> ActionModel:
        return cls(
            action=figures.action,
            kind=kind,
            runs=figures.runs,
            contacts=figures.contacts,
            share=figures.share,
            p50_ms=figures.p50_ms,
            p95_ms=figures.p95_ms,
            results=dict(figures.results),
        )


class ActionList(_Model):
    """The actions that ran, the slowest first."""

    contacts: int = Field(description="contacts that were looked at, the newest")
    complete: bool = Field(description="whether these were all that were chosen")
    actions: list[ActionModel]


def action_runs_router(
    runs: ActionRuns,
    kinds: Callable[[], Mapping[str, str]],
    clock: Callable[[], float] = time.time,
) -> APIRouter:
    """Serve what ``runs`` hold; ``kinds`` are those of the application's actions, by name."""
    router = APIRouter(prefix="/api", tags=["history"])

    @router.get("/actions", summary="How long actions took, and how they ended")
    async def actions(asked: Annotated[Chosen, Query()]) -> ActionList:
        """Give each action that ran in the newest contacts that were chosen: how often, how long
        contacts waited for it, and how it ended."""
        found = await runs.runs(asked.span(clock()), asked.where)
        known = kinds()
        return ActionList(
            contacts=found.contacts,
            complete=found.complete,
            actions=[
                ActionModel.of(each, known.get(each.action, "")) for each in figures_of(found)
            ],
        )

    return router
