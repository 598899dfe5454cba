"""``/api/calls``: the records of calls, for staff and their tools; one alone is `one_call`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from voicebot.action_result import ActionResult
from voicebot.analytics.history import Span, Split, hours_of_week
from voicebot.analytics.totals import Fact
from voicebot.errors import UsageError
from voicebot.events import DeflectionStage
from voicebot.sessions.records import CallArchive, CallQuery, Cursor
from voicebot.types import CallId, Direction, Outcome
from voicebot.web.api.history import checked, refused, zone_of
from voicebot.web.api.models import Call, CallList
from voicebot.web.moments import Moment


class _Listing(BaseModel):
    """The query of a listing. Another name is an error: it must not be a filter without effect."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome | None = Field(None, description="only calls that ended so")
    caller: str | None = Field(
        None, max_length=256, description="only calls of exactly this number or name"
    )
    since: Moment | None = Field(
        None,
        description="only calls that started at this time or later; UTC where no zone is given",
        examples=["2026-11-21T08:00:00Z"],
    )
    until: Moment | None = Field(None, description="only calls that started before this time")
    direction: Direction | None = Field(None, description="who called whom")
    door: str | None = Field(
        None, max_length=64, description="how they came in; as in /api/history"
    )
    flow: str | None = Field(None, max_length=256)
    language: str | None = Field(None, max_length=64)
    intent: str | None = Field(None, max_length=256, description="empty: calls without a matter")
    queue: str | None = Field(None, max_length=256, description="empty: calls that did not wait")
    agent: str | None = Field(None, max_length=256, description="empty: calls that nobody took")
    fact: Fact | None = Field(None, description="only ended calls of which this counts")
    last_step: str | None = Field(
        None,
        max_length=512,
        pattern=r"^[^.]+\.[^.]+$",
        description="only calls whose last turn was at this step",
        examples=["main.ask_order"],
    )
    action: str | None = Field(
        None, max_length=256, description="only calls in which this action ran"
    )
    action_result: ActionResult | None = Field(None, description="and ended so; asks for `action`")
    text_stage: DeflectionStage | None = Field(
        None, description="only contacts that came so far on their way to text"
    )
    text_intent: str | None = Field(
        None, max_length=128, description="and were offered text for this; asks for `text_stage`"
    )
    ids: str | None = Field(
        None,
        max_length=5000,
        pattern=r"^[^,]+(,[^,]+){0,99}$",
        description="only these calls, at most 100, with commas between them",
    )
    hour_of_week: str | None = Field(
        None,
        pattern=r"^[1-7]-([01][0-9]|2[0-3])$",
        description="only this hour of the week; asks for `since`, and for `until` or now",
        examples=["6-10"],
    )
    zone: str = Field("UTC", max_length=64, description="time zone of the hour of the week")
    limit: int = Field(50, ge=1, le=200, description="calls on one page")
    cursor: str | None = Field(
        None, max_length=256, description="`next_cursor` of the page before this one"
    )

    def query(self, now: float) -> CallQuery:
        values = {each.value: getattr(self, each.value) for each in Split}
        return CallQuery(
            outcome=self.outcome,
            caller=self.caller,
            since=_seconds(self.since),
            until=_seconds(self.until),
            where={name: value for name, value in values.items() if value is not None},
            within=self._hours(now),
            fact=self.fact,
            last_step=self._last_step(),
            action=self._action(),
            text_stage=self._text_stage(),
            ids=None if self.ids is None else tuple(map(CallId, self.ids.split(","))),
            now=now,
        )

    def _last_step(self) -> tuple[str, str] | None:
        if self.last_step is None:
            return None
        flow, _, step = self.last_step.partition(".")
        return flow, step

    def _text_stage(self) -> tuple[DeflectionStage, str | None] | None:
        if self.text_stage is None:
            if self.text_intent is not None:
                raise refused("text_stage", "what text was offered for asks how far they came")
            return None
        return self.text_stage, self.text_intent

    def _action(self) -> tuple[str, ActionResult | None] | None:
        if self.action is None:
            if self.action_result is not None:
                raise refused("action", "how an action ended asks for its name")
            return None
        return self.action, self.action_result

    def _hours(self, now: float) -> tuple[tuple[float, float], ...] | None:
        if self.hour_of_week is None:
            return None
        since, until = _seconds(self.since), _seconds(self.until)
        if since is None:
            raise refused("since", "an hour of the week is looked for from a time on")
        span = checked("since", lambda: Span(since, now if until is None else until))
        return hours_of_week(span, self.hour_of_week, zone_of(self.zone))

    def place(self) -> Cursor | None:
        if self.cursor is None:
            return None
        try:
            return Cursor.decode(self.cursor)
        except UsageError as error:
            raise refused("cursor", str(error)) from None


def calls_router(archive: CallArchive, clock: Callable[[], float] = time.time) -> APIRouter:
    """Serve what ``archive`` holds."""
    router = APIRouter(prefix="/api/calls", tags=["calls"])

    @router.get("", summary="List calls, newest first")
    async def list_calls(listing: Annotated[_Listing, Query()]) -> CallList:
        """Give one page of calls with their turns. A call that is still running is listed too,
        without `ended_at` and `outcome`."""
        page = await archive.list_calls(
            listing.query(clock()), after=listing.place(), limit=listing.limit
        )
        return CallList(
            calls=[Call.of(call) for call in page.calls],
            next_cursor=page.next.encode() if page.next else None,
        )

    return router


def _seconds(moment: Moment | None) -> float | None:
    return None if moment is None else moment.timestamp()
