"""``voicebot report`` and ``voicebot export``: the ledger on the terminal and as a file.

They read the records of a server that runs or does not.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated, Final, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.analytics.contacts import csv_lines
from voicebot.analytics.history import (
    Every,
    History,
    HistoryQuery,
    HistoryRow,
    Span,
    Split,
    read_history,
)
from voicebot.analytics.measures import MEASURES, Costs, Measure, Unit, measured
from voicebot.analytics.totals import DAY_S, Rules
from voicebot.cli.records_of_staff import at_the_command_line
from voicebot.config import Settings, load_settings
from voicebot.errors import UsageError
from voicebot.staff.model import AuditEntry, Deed, exported
from voicebot.storage.contacts import SqlContacts
from voicebot.storage.database import open_database
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.migrations import upgrade
from voicebot.storage.staff import SqlAuditLog
from voicebot.types import Json

_DAY: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

Begin = Annotated[
    datetime | None,
    typer.Option("--from", formats=_DAY, help="Contacts since then; a week before the end."),
]
End = Annotated[
    datetime | None, typer.Option("--to", formats=_DAY, help="Contacts before then; now.")
]
Zone = Annotated[str, typer.Option(help="Time zone of both, and of days, as Europe/Berlin.")]


def report(
    begin: Begin = None,
    end: End = None,
    by: Annotated[Split | None, typer.Option(help="Split the contacts by this.")] = None,
    every: Annotated[Every | None, typer.Option(help="Split the time by this.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only contacts with this value, as queue=support.")
    ] = None,
    zone: Zone = "UTC",
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Count the sums of all hours anew first.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Tell how the line is doing: outcomes and rates (docs/measures.md)."""
    settings = load_settings()
    now = time.time()
    clocks = _zone(zone)
    span = _span(begin, end, clocks, now)
    query = HistoryQuery(span, clocks, _where(only or []), by, every)
    history = asyncio.run(_history(settings, query, now, rebuild))
    costs = Costs(**settings.costs.model_dump())
    if as_json:
        typer.echo(json.dumps(_told(history, span, costs), ensure_ascii=False))
        return
    _print_whole(history.whole, costs)
    if by is not None or every is not None:
        _print_rows(history.rows, costs)


def export(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; else it is printed.")
    ] = None,
    begin: Begin = None,
    end: End = None,
    zone: Zone = "UTC",
) -> None:
    """Write all contacts of an interval as comma-separated values."""
    settings = load_settings()
    now = time.time()
    span = _span(begin, end, _zone(zone), now)
    if output is None:
        asyncio.run(_export(settings, span, now, typer.get_text_stream("stdout", "utf-8")))
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            asyncio.run(_export(settings, span, now, file))
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from None


@asynccontextmanager
async def _records(settings: Settings) -> AsyncIterator[AsyncEngine]:
    await upgrade(settings.database_url)
    engine = open_database(settings.database_url)
    try:
        yield engine
    finally:
        await engine.dispose()


async def _history(settings: Settings, query: HistoryQuery, now: float, rebuild: bool) -> History:
    async with _records(settings) as engine:
        ledger = SqlLedger(engine, Rules(**settings.ledger.model_dump()))
        if rebuild:
            await ledger.rebuild()
            while await ledger.fold(now):
                pass
        return await read_history(ledger, query, now)


async def _export(settings: Settings, span: Span, now: float, file: TextIO) -> None:
    async with _records(settings) as engine:
        contacts = SqlContacts(engine, Rules(**settings.ledger.model_dump()))
        by, what = at_the_command_line(), exported(span.since, span.until)
        await SqlAuditLog(engine).note(AuditEntry(now, by.who, Deed.CONTACTS_EXPORTED, what, ""))
        async for lines in csv_lines(contacts.pages(span, now)):
            file.write(lines)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"--zone {name}: there is no such time zone; write it as Europe/Berlin"
        ) from None


def _span(begin: datetime | None, end: datetime | None, zone: tzinfo, now: float) -> Span:
    until = now if end is None else end.replace(tzinfo=zone).timestamp()
    since = until - 7 * DAY_S if begin is None else begin.replace(tzinfo=zone).timestamp()
    return Span(since, until)


def _where(only: Sequence[str]) -> dict[Split, str]:
    """Read ``name=value``; contacts of ours to others count only where the direction is named."""
    where = {Split.DIRECTION: "inbound"}
    for each in only:
        name, equals, value = each.partition("=")
        if not equals or name not in set(Split):
            names = ", ".join(Split)
            raise UsageError(f"--only {each}: write it as queue=support; there are {names}")
        where[Split(name)] = value
    return where


def _told(history: History, span: Span, costs: Costs) -> dict[str, Json]:
    return {
        "since": span.since,
        "until": span.until,
        "currency": costs.currency,
        "whole": _row(history.whole, costs),
        "rows": [_row(each, costs) for each in history.rows],
    }


def _row(row: HistoryRow, costs: Costs) -> dict[str, Json]:
    return {
        "period": row.period,
        "value": row.value,
        "contacts": asdict(row.totals),
        "measures": dict(measured(row.totals, costs, row.agents)),
    }


def _print_whole(whole: HistoryRow, costs: Costs) -> None:
    values = measured(whole.totals, costs, whole.agents)
    typer.echo(f"{whole.totals.contacts} contacts")
    for each in MEASURES:
        typer.echo(f"  {each.name:26} {_shown(each, values[each.name], costs)}")


def _print_rows(rows: Sequence[HistoryRow], costs: Costs) -> None:
    """The rates that fit the width of a terminal; --json has them all."""
    names = ("containment", "transfer", "abandonment_in_flow", "service_level", "asa_s", "aht_s")
    shown = [each for each in MEASURES if each.name in names]
    table = Table(box=None)
    for title in ("", "contacts", *(each.name for each in shown)):
        table.add_column(title, justify="left" if not title else "right", overflow="fold")
    for row in rows:
        values = measured(row.totals, costs, row.agents)
        title = " ".join(part for part in (row.period, row.value) if part) or "(none)"
        cells = [_shown(each, values[each.name], costs) for each in shown]
        table.add_row(title, str(row.totals.contacts), *cells)
    Console().print(table)


def _shown(measure: Measure, value: float | None, costs: Costs) -> str:
    if value is None:
        return "-"
    match measure.unit:
        case Unit.SHARE:
            return f"{100 * value:.1f}%"
        case Unit.SECONDS:
            return f"{value:.1f} s"
        case Unit.MONEY:
            return f"{value:.2f} {costs.currency}"
