"""``/api/calls``: the records of calls, for staff and their tools."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field

from voicebot.errors import UsageError
from voicebot.sessions.records import CallArchive, CallQuery, Cursor
from voicebot.types import CallId, Outcome
from voicebot.web.api.models import Call, CallList, Problem


class _Listing(BaseModel):
    """The query of a listing. Another name is an error: it must not be a filter without effect."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome | None = Field(None, description="only calls that ended so")
    caller: str | None = Field(
        None, max_length=256, description="only calls of exactly this number or name"
    )
    since: datetime | None = Field(
        None,
        description="only calls that started at this time or later; UTC where no zone is given",
        examples=["2026-11-21T08:00:00Z"],
    )
    until: datetime | None = Field(None, description="only calls that started before this time")
    limit: int = Field(50, ge=1, le=200, description="calls on one page")
    cursor: str | None = Field(
        None, max_length=256, description="`next_cursor` of the page before this one"
    )

    def query(self) -> CallQuery:
        return CallQuery(
            outcome=self.outcome,
            caller=self.caller,
            since=_seconds(self.since),
            until=_seconds(self.until),
        )

    def place(self) -> Cursor | None:
        if self.cursor is None:
            return None
        try:
            return Cursor.decode(self.cursor)
        except UsageError as error:
            raise RequestValidationError(
                [{"type": "cursor", "loc": ("query", "cursor"), "msg": str(error)}]
            ) from None


def calls_router(archive: CallArchive) -> APIRouter:
    """Serve what ``archive`` holds."""
    router = APIRouter(prefix="/api/calls", tags=["calls"])

    @router.get("", summary="List calls, newest first")
    async def list_calls(listing: Annotated[_Listing, Query()]) -> CallList:
        """Give one page of calls with their turns. A call that is still running is listed too,
        without `ended_at` and `outcome`."""
        page = await archive.list_calls(listing.query(), after=listing.place(), limit=listing.limit)
        return CallList(
            calls=[Call.of(call) for call in page.calls],
            next_cursor=page.next.encode() if page.next else None,
        )

    @router.get(
        "/{id}",
        summary="Give one call",
        responses={404: {"model": Problem, "description": "No call has this id."}},
    )
    async def get_call(id: Annotated[str, Path(max_length=64)]) -> Call:
        """Give one call with all its turns so far."""
        call = await archive.get_call(CallId(id))
        if call is None:
            raise HTTPException(404, "no call has this id")
        return Call.of(call)

    return router


def _seconds(moment: datetime | None) -> float | None:
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
