"""``/api/measures``, ``/api/history`` and ``/api/export``: the ledger for staff and their tools."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from voicebot.analytics.contacts import Contacts, csv_lines
from voicebot.analytics.history import (
    Every,
    HistoryQuery,
    HistoryRow,
    Ledger,
    Span,
    Split,
    read_history,
)
from voicebot.analytics.measures import MEASURES, Costs, Unit, measured
from voicebot.analytics.totals import DAY_S
from voicebot.errors import UsageError
from voicebot.staff.model import Actor, AuditEntry, AuditLog, Deed, exported
from voicebot.types import Direction
from voicebot.web.api.models import utc
from voicebot.web.identity import actor_of
from voicebot.web.moments import Moment


class Interval(BaseModel):
    """An interval; another name is an error: it must not be a filter without effect."""

    model_config = ConfigDict(extra="forbid")

    since: Moment | None = Field(
        None,
        description="contacts that began at this time or later; UTC where no zone is given. A week "
        "before the end if left out",
        examples=["2026-11-16T00:00:00Z"],
    )
    until: Moment | None = Field(
        None, description="contacts that began before this time; now if left out"
    )

    def span(self, now: float) -> Span:
        until = now if self.until is None else self.until.timestamp()
        since = until - 7 * DAY_S if self.since is None else self.since.timestamp()
        return checked("since", lambda: Span(since, until))


class Chosen(Interval):
    """Which contacts are counted. A value must be equal; an empty one chooses contacts without."""

    direction: Direction | None = Field("inbound", description="who called whom")
    door: str | None = Field(None, max_length=64, description="how they came in")
    flow: str | None = Field(None, max_length=256)
    language: str | None = Field(None, max_length=64)
    intent: str | None = Field(None, max_length=256, description="the matter that the flow named")
    queue: str | None = Field(None, max_length=256, description="the last one they waited in")
    agent: str | None = Field(None, max_length=256)

    @property
    def where(self) -> dict[Split, str]:
        """The values that were asked for."""
        values = {each: getattr(self, each.value) for each in Split}
        return {each: value for each, value in values.items() if value is not None}


class _Counted(Chosen):
    """What is counted of them, and what it is compared with."""

    compare_since: Moment | None = Field(
        None, description="an interval of the same length from this time on is told beside it"
    )
    zone: str = Field(
        "UTC", max_length=64, description="time zone of days", examples=["Europe/Berlin"]
    )

    def queries(
        self, now: float, split: Split | None = None, every: Every | None = None
    ) -> list[HistoryQuery]:
        """What is asked, then what it is compared with, if anything."""
        span = self.span(now)
        spans = [span]
        if self.compare_since is not None:
            begin = self.compare_since.timestamp()
            length = span.until - span.since
            spans.append(checked("compare_since", lambda: Span(begin, begin + length)))
        zone = zone_of(self.zone)
        return [HistoryQuery(each, zone, self.where, split, every) for each in spans]


class _Split(_Counted):
    by: Split | None = Field(None, description="split by this; the parts add up to the whole")
    every: Every | None = Field(None, description="put together by this stretch of time")
    limit: int = Field(200, ge=1, le=1000, description="rows on one page")
    offset: int = Field(0, ge=0, le=10_000_000, description="`next_offset` of the page before")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MeasureModel(_Model):
    """One rate, with its definition in words."""

    name: str = Field(examples=["containment"])
    unit: Unit
    definition: str
    value: float | None = Field(description="null over nothing", examples=[0.62])
    compared: float | None = Field(description="of the other interval; null without one")


class MeasureList(_Model):
    """All measures of one interval. `contacts` are the sums that they are made of."""

    since: datetime
    until: datetime
    currency: str = Field(examples=["USD"])
    contacts: dict[str, float]
    compared_contacts: dict[str, float] | None
    measures: list[MeasureModel]


class HistoryRowModel(_Model):
    """One part: of `period` (empty where time is not split) and `value` (empty where there is none
    or nothing was split)."""

    period: str = Field(examples=["2026-11-21"])
    value: str = Field(examples=["support"])
    contacts: dict[str, float] = Field(description="sums, which add up over all rows")
    measures: dict[str, float | None] = Field(description="rates, 0 to 1; null over nothing")

    @classmethod
    def of(cls, row: HistoryRow, costs: Costs) -> Self:
        return cls(
            period=row.period,
            value=row.value,
            contacts=asdict(row.totals),
            measures=dict(measured(row.totals, costs, row.agents)),
        )


class HistoryPage(_Model):
    """One interval: the whole of it, and a page of its parts."""

    since: datetime
    until: datetime
    whole: HistoryRowModel
    rows: list[HistoryRowModel]
    next_offset: int | None = Field(description="pass it as `offset`; null on the last page")


class HistoryAnswer(HistoryPage):
    """`compared` is the other interval, its rows on the same page."""

    compared: HistoryPage | None


def history_router(
    ledger: Ledger,
    contacts: Contacts,
    costs: Costs,
    audit: AuditLog,
    clock: Callable[[], float] = time.time,
) -> APIRouter:
    """Serve what ``ledger`` and ``contacts`` hold; ``audit`` is told of exports."""
    router = APIRouter(prefix="/api", tags=["history"])

    @router.get("/measures", summary="The rates by which the line is judged")
    async def measures(chosen: Annotated[_Counted, Query()]) -> MeasureList:
        """Give every measure of the contacts chosen, with its definition."""
        now = clock()
        queries = chosen.queries(now)
        wholes = [(await read_history(ledger, each, now)).whole for each in queries]
        values = [measured(each.totals, costs, each.agents) for each in wholes]
        compared: Mapping[str, float | None] = values[1] if len(values) > 1 else {}
        return MeasureList(
            since=utc(queries[0].span.since),
            until=utc(queries[0].span.until),
            currency=costs.currency,
            contacts=asdict(wholes[0].totals),
            compared_contacts=asdict(wholes[1].totals) if len(wholes) > 1 else None,
            measures=[
                MeasureModel(
                    name=each.name,
                    unit=each.unit,
                    definition=each.definition,
                    value=values[0][each.name],
                    compared=compared.get(each.name),
                )
                for each in MEASURES
            ],
        )

    @router.get("/history", summary="The figures of an interval, whole and split")
    async def history(chosen: Annotated[_Split, Query()]) -> HistoryAnswer:
        """Give sums and rates, by a value, over time, or both. The rows are in the order of their
        periods, then of their values."""
        now = clock()
        pages = [
            await _page(ledger, each, now, costs, chosen.offset, chosen.limit)
            for each in chosen.queries(now, chosen.by, chosen.every)
        ]
        return HistoryAnswer(**dict(pages[0]), compared=pages[1] if len(pages) > 1 else None)

    @router.get(
        "/export/contacts.csv",
        summary="All contacts of an interval as comma-separated values",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    async def export(
        chosen: Annotated[Interval, Query()], by: Annotated[Actor, Depends(actor_of)]
    ) -> StreamingResponse:
        """Give one line for each contact, the oldest first. Cells that a spreadsheet would take for
        formulas begin with an apostrophe. A line that breaks off means that the export did not
        come to its end. Who exported which days is in the audit log."""
        now = clock()
        lines = csv_lines(contacts.pages(chosen.span(now), now))
        # The first line waits for nothing; the second is asked for before we say 200.
        header, first = await anext(lines), await anext(lines, "")
        await _note_export(audit, by, chosen.span(now), now)
        return StreamingResponse(
            _joined(header + first, lines),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="contacts.csv"'},
        )

    return router


async def _note_export(audit: AuditLog, by: Actor, span: Span, now: float) -> None:
    """Before anything goes out. Raises StorageError: then nothing may."""
    what = exported(span.since, span.until)
    entry = AuditEntry(now, by.who, Deed.CONTACTS_EXPORTED, what, by.address)
    await audit.note(entry)


async def _joined(begin: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    yield begin
    async for lines in rest:
        yield lines


async def _page(
    ledger: Ledger, query: HistoryQuery, now: float, costs: Costs, offset: int, limit: int
) -> HistoryPage:
    found = await read_history(ledger, query, now)
    end = offset + limit
    return HistoryPage(
        since=utc(query.span.since),
        until=utc(query.span.until),
        whole=HistoryRowModel.of(found.whole, costs),
        rows=[HistoryRowModel.of(row, costs) for row in found.rows[offset:end]],
        next_offset=end if end < len(found.rows) else None,
    )


def zone_of(name: str) -> ZoneInfo:
    """The time zone of a query."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise refused("zone", "there is no such time zone; write it as Europe/Berlin") from None


def checked(name: str, make: Callable[[], Span]) -> Span:
    """What ``make`` makes of the parameter ``name``."""
    try:
        return make()
    except UsageError as error:
        raise refused(name, str(error)) from None


def refused(name: str, problem: str) -> RequestValidationError:
    """The answer 422 that names the parameter ``name``."""
    return RequestValidationError([{"type": "value", "loc": ("query", name), "msg": problem}])
