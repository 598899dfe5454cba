"""``voicebot staff``: how many agents are needed, interval by interval, to reach a target.

Arrivals come from a table (CSV) or from the records of calls; the sums are those of Erlang C, or of
Erlang A where callers lose patience (`voicebot.acd.erlang`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.table import Table

from voicebot.acd.arrivals import average_week, read_table
from voicebot.acd.staffing import Interval, Planned, Target, plan
from voicebot.config import load_settings
from voicebot.errors import SourceError, StorageError, UsageError
from voicebot.sessions.records import CallQuery
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.database import open_database, sqlite_file
from voicebot.types import Outcome

NEEDED_A_PERSON: Final = (
    Outcome.TRANSFERRED,
    Outcome.CALLBACK_BOOKED,
    Outcome.ABANDONED_IN_QUEUE,
)
_DAY_MIN = 24 * 60


def staff(
    table: Annotated[
        Path | None, typer.Argument(help="CSV with start,contacts[,handling_s]; else the calls.")
    ] = None,
    database: Annotated[
        str, typer.Option(help="Calls of this database (default: the configured one).")
    ] = "",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only calls since this day.")
    ] = None,
    all_calls: Annotated[
        bool, typer.Option("--all-calls", help="Count every call, not only those for a person.")
    ] = False,
    zone: Annotated[str, typer.Option(help="Time zone of the plan, as Europe/Berlin.")] = "UTC",
    interval: Annotated[
        int, typer.Option(min=5, max=1440, help="Minutes of an interval; divides a day.")
    ] = 30,
    handling: Annotated[
        float, typer.Option(min=1, help="Seconds an agent needs, work afterwards included.")
    ] = 240.0,
    service_level: Annotated[
        float | None, typer.Option(min=1, max=99.99, help="Percent answered --within so long.")
    ] = None,
    within: Annotated[float, typer.Option(min=0, help="Seconds of the service level.")] = 20.0,
    asa: Annotated[
        float | None, typer.Option(min=0.01, help="Longest average wait, in seconds.")
    ] = None,
    abandonment: Annotated[
        float | None, typer.Option(min=0.01, max=99, help="Most callers lost, in percent.")
    ] = None,
    occupancy: Annotated[
        float | None, typer.Option(min=1, max=100, help="Most time agents are busy, in percent.")
    ] = None,
    patience: Annotated[
        float | None, typer.Option(min=1, help="Seconds until callers give up, on average.")
    ] = None,
    shrinkage: Annotated[
        float, typer.Option(min=0, max=90, help="Percent of paid time not at work.")
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Plan how many agents are needed, and when."""
    if abandonment is not None and patience is None:
        raise UsageError("--abandonment needs --patience: who waits for ever is never lost")
    if _DAY_MIN % interval:
        raise UsageError(f"--interval {interval}: a day is no multiple of it; take 15, 30 or 60")
    if service_level is None and asa is None and abandonment is None:
        service_level = 80.0
    target = Target(_share(service_level), within, asa, _share(abandonment), _share(occupancy))
    if table is not None:
        if database or since or all_calls:
            raise UsageError("--database, --since and --all-calls choose calls, not a table")
        intervals = _of_table(table, interval, handling)
    else:
        starts = asyncio.run(_call_times(database, since, _zone(zone), all_calls))
        intervals = average_week(starts, _zone(zone), interval, handling)
    try:
        planned = list(plan(intervals, target, shrinkage=shrinkage / 100, patience_s=patience))
    except ValueError as error:
        raise UsageError(f"the target cannot be reached: {error}") from None
    if as_json:
        typer.echo(json.dumps(_as_json(planned, target, patience)))
    else:
        _show(planned, target, patience)


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"--zone {name}: no such time zone; write it like Europe/Berlin") from None


def _of_table(file: Path, interval: int, handling: float) -> list[Interval]:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(str(file), 0, 0, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SourceError(str(file), 0, 0, f"is not UTF-8 at byte {error.start}") from None
    return read_table(text, str(file), interval, handling)


async def _call_times(
    url: str, since: datetime | None, zone: ZoneInfo, all_calls: bool
) -> Sequence[float]:
    url = url or load_settings().database_url
    file = sqlite_file(url)
    if file is not None and not file.exists():
        raise StorageError(f"{file}: no such file; a server that has answered calls makes it")
    query = CallQuery(since=since.replace(tzinfo=zone).timestamp() if since else None)
    engine = open_database(url)
    try:
        archive = SqlCallArchive(engine)
        starts = await archive.call_times(query, () if all_calls else NEEDED_A_PERSON)
    finally:
        await engine.dispose()
    if not starts:
        what = "call" if all_calls else "call for a person (--all-calls counts every call)"
        raise UsageError(f"there is no recorded {what} to plan with")
    return starts


def _as_json(
    planned: Sequence[Planned], target: Target, patience: float | None
) -> dict[str, object]:
    return {
        "target": asdict(target),
        "formula": "Erlang C" if patience is None else "Erlang A",
        "patience_s": patience,
        "intervals": [
            {
                "start": each.interval.label,
                "contacts": each.interval.contacts,
                "handling_s": each.interval.handling_s,
                "length_s": each.interval.length_s,
                "agents": each.agents,
                "scheduled": each.scheduled,
                "service_level": each.service_level,
                "mean_wait_s": each.mean_wait_s,
                "abandoned": each.abandoned,
                "occupancy": each.occupancy,
            }
            for each in planned
        ],
        "agent_hours": _agent_hours(planned),
    }


def _agent_hours(planned: Sequence[Planned]) -> float:
    return sum(each.scheduled * each.interval.length_s for each in planned) / 3600


def _show(planned: Sequence[Planned], target: Target, patience: float | None) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("interval")
    within = f"within {target.within_s:g} s"
    heads = ("contacts", "handling", "agents", "scheduled", within, "average wait", "busy")
    for head in heads if patience is None else (*heads, "lost"):
        table.add_column(head, justify="right")
    for each in planned:
        cells = [
            each.interval.label,
            f"{each.interval.contacts:.1f}",
            f"{each.interval.handling_s:g} s",
            str(each.agents),
            str(each.scheduled),
            f"{each.service_level:.1%}",
            f"{each.mean_wait_s:.1f} s",
            f"{each.occupancy:.0%}",
        ]
        table.add_row(*cells, *([] if patience is None else [f"{each.abandoned:.2%}"]))
    console = Console(highlight=False, width=120)
    console.print(table)
    most = max((each.scheduled for each in planned), default=0)
    console.print(f"\nAt most {most} agents scheduled, {_agent_hours(planned):.1f} agent hours.")
