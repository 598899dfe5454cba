"""``voicebot replay``: what an edited application would make of calls that were recorded."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from voicebot.actions.registry import ActionRegistry
from voicebot.actions.seed import database_urls
from voicebot.cli.conversations import read_application
from voicebot.cli.library import load_knowledge
from voicebot.cli.replayed_hearing import ReplayedHearing
from voicebot.config import Settings, load_settings
from voicebot.errors import UsageError
from voicebot.flows.interpreter import Interpreter
from voicebot.logs import configure_logging
from voicebot.rehearsal.recorded_offers import RecordedOffers
from voicebot.rehearsal.replay import Compared, Course, Totals, as_recorded, replay, totals
from voicebot.rehearsal.sandbox import Sandbox
from voicebot.rehearsal.stage import RunAction, Unanswered
from voicebot.sessions.answering import with_knowledge
from voicebot.sessions.callers import Callers, identify_by
from voicebot.sessions.records import CallQuery, CallRecord
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.database import open_database
from voicebot.storage.deflections import SqlDeflections
from voicebot.storage.history import SqlHistories
from voicebot.telephony._api import LegInfo
from voicebot.types import CallId, Json

_PAGE = 100
_LOOK_UP_S = 30.0


def replay_calls(
    folder: Annotated[
        Path | None, typer.Argument(help="Edited application (default: the configured one).")
    ] = None,
    before: Annotated[
        Path | None,
        typer.Option(help="Compare with this application, rather than with what was recorded."),
    ] = None,
    call: Annotated[
        list[str] | None, typer.Option(help="Only this call, by id; or several.")
    ] = None,
    since: Annotated[str, typer.Option(help="Only calls since this day, 2026-11-21.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many calls, the newest.")] = 200,
    audio: Annotated[
        bool, typer.Option("--audio", help="Hear the recordings again, where there are some.")
    ] = False,
    live_reads: Annotated[
        bool, typer.Option("--live-reads", help="Run actions that only read, on the real data.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Take recorded calls through an application and show what would change."""
    settings = load_settings()
    configure_logging("error")
    query = CallQuery(since=_day(since) if since else None)
    compared = asyncio.run(
        replayed(
            *(settings, folder, before, query, call or [], limit),
            audio=audio,
            live_reads=live_reads,
        )
    )
    if as_json:
        typer.echo(json.dumps(as_data(compared), ensure_ascii=False))
    else:
        _show(compared)


async def replayed(
    settings: Settings,
    folder: Path | None,
    before: Path | None,
    query: CallQuery,
    ids: Sequence[str],
    limit: int,
    *,
    audio: bool,
    live_reads: bool,
) -> list[Compared]:
    """Take calls (those of ``ids``, else of ``query``) through the application in ``folder`` (None:
    the configured one), and compare with ``before`` (None: the record). Raises VoicebotError."""
    engine = open_database(settings.database_url)
    try:
        calls = await _calls(SqlCallArchive(engine), query, ids, limit)
        histories = SqlHistories(engine) if settings.callers.history else None
        stages = SqlDeflections(engine)
        offers = [RecordedOffers.of(each, await stages.stages_of(each.id)) for each in calls]
        edited = folder or settings.server.application
        taken = partial(_courses, calls, offers, settings, histories, audio, live_reads)
        after = await taken(edited)
        if before is None:
            old = [as_recorded(each) for each in calls]
        else:
            old = await taken(before)
    finally:
        await engine.dispose()
    return [Compared(*each) for each in zip(calls, old, after, strict=True)]


async def _calls(
    archive: SqlCallArchive, query: CallQuery, ids: Sequence[str], limit: int
) -> list[CallRecord]:
    """The calls to replay, newest first: those that are over and in which somebody was heard.

    Raises UsageError for an id that is not there, or where there is no call at all.
    """
    found: list[CallRecord] = []
    for wanted in ids:
        record = await archive.get_call(CallId(wanted))
        if record is None:
            raise UsageError(f"--call {wanted}: there is no such call")
        found.append(record)
    after = None
    while not ids and len(found) < limit:
        page = await archive.list_calls(query, after=after, limit=_PAGE)
        found += [each for each in page.calls if each.outcome is not None and each.turns]
        if (after := page.next) is None:
            break
    if not found:
        raise UsageError("there is no recorded call to replay")
    return found[:limit]


async def _courses(
    calls: Sequence[CallRecord],
    offers: Sequence[RecordedOffers],
    settings: Settings,
    histories: SqlHistories | None,
    audio: bool,
    live_reads: bool,
    application: Path,
) -> list[Course]:
    flows, actions = read_application(application)
    hearing = ReplayedHearing(application, settings, audio=audio)
    default = settings.calls.flow
    library = load_knowledge(application, flows[default].language, settings)
    live = None
    if live_reads:
        urls = database_urls(application, settings.server.data, settings.databases)
        reading = {
            name: each for name, each in actions.definitions.items() if not each.work.changes
        }
        live = ActionRegistry(reading, urls, sources=actions.sources)
        await live.start()
    courses = []
    with tempfile.TemporaryDirectory(prefix="voicebot-replay-") as copies:
        sandbox = Sandbox(application, actions, Path(copies))
        for call, offered in zip(calls, offers, strict=True):
            await sandbox.renew()
            flow = call.flow if call.flow in flows.flows else default
            answers = _answers(live, sandbox)
            callers = _callers_then(call, settings, histories)
            act = partial(callers.act, answers)
            known = await callers.facts(_info(call), identify_by(flows[flow], answers))
            courses.append(
                await replay(
                    call,
                    Interpreter(flows, flow, actions.once),
                    with_knowledge(act, library),
                    hearing.of(call),
                    known,
                    offered,
                )
            )
        await sandbox.aclose()
    if live is not None:
        await live.aclose()
    return courses


def _callers_then(call: CallRecord, settings: Settings, histories: SqlHistories | None) -> Callers:
    """Looks callers up as they were known when ``call`` came in; here a look-up may take long."""
    bounds = settings.callers
    return Callers(histories, bounds.days, bounds.most, _LOOK_UP_S, lambda: call.started_at)


def _info(call: CallRecord) -> LegInfo:
    return LegInfo(call.id, call.transport, call.caller, call.callee, direction=call.direction)


def _answers(live: ActionRegistry | None, sandbox: Sandbox) -> RunAction:
    async def act(name: str, arguments: Mapping[str, Json]) -> Json:
        if live is not None:
            if name not in live.names:
                raise Unanswered(name, "changes data")
            return await live.run(name, arguments)
        return await sandbox.run(name, arguments)

    return act


def _day(text: str) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise UsageError(f"--since {text}: this is no day; write it like 2026-11-21") from None


# What is shown


def _followed(compared: Sequence[Compared]) -> tuple[Totals, Totals]:
    whole = [each for each in compared if not each.after.stopped and not each.before.stopped]
    return totals([each.before for each in whole]), totals([each.after for each in whole])


def _show(compared: Sequence[Compared]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for each in compared:
        if each.is_changed:
            for line in _difference(each):
                console.print(line, markup=False)
    before, after = _followed(compared)
    table = Table("", "before", "after", "change", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    rows = [("calls", before.calls, after.calls), ("turns", before.turns, after.turns)]
    rows += [("recognised", before.recognised, after.recognised)]
    rows += [("contained", before.contained, after.contained)]
    names = dict.fromkeys([*before.outcomes, *after.outcomes])
    rows += [(name, before.outcomes.get(name, 0), after.outcomes.get(name, 0)) for name in names]
    for name, old, new in rows:
        table.add_row(name, str(old), str(new), f"{new - old:+d}" if new != old else "")
    console.print(table)
    rerouted = sum(each.before.route != each.after.route for each in compared)
    stopped = len(compared) - before.calls
    console.print(f"{rerouted} of {len(compared)} calls take another way.")
    if stopped:
        console.print(f"{stopped} could not be followed to their end, and are not in the table.")


def _difference(each: Compared) -> list[str]:
    lines = [f"call {each.call.id}"]
    place = each.first_difference
    if place is not None:
        lines.append(f"  turn {place + 1}: {_turn(each.before, place)}")
        lines.append(f"       now: {_turn(each.after, place)}")
    if each.after.stopped:
        lines.append(f"  not followed further: {each.after.stopped}")
    elif each.before.outcome != each.after.outcome:
        lines.append(f"  outcome: {each.before.outcome}, now {each.after.outcome}")
    return lines


def _turn(course: Course, place: int) -> str:
    if place >= len(course.turns):
        return "the call is over"
    turn = course.turns[place]
    meaning = "" if turn.meaning is None else f" {json.dumps(turn.meaning, ensure_ascii=False)}"
    onward = f", on to {turn.next}" if turn.next else ""
    return f"{turn.result} at {turn.step}{meaning}{onward}"


def as_data(compared: Sequence[Compared]) -> Json:
    """What `--json` prints."""
    before, after = _followed(compared)
    return {
        "before": _totals(before),
        "after": _totals(after),
        "rerouted": sum(each.before.route != each.after.route for each in compared),
        "stopped": len(compared) - before.calls,
        "calls": [
            {
                "id": str(each.call.id),
                "changed": each.is_changed,
                "first_difference": each.first_difference,
                "before": _course(each.before),
                "after": _course(each.after),
            }
            for each in compared
        ],
    }


def _totals(figures: Totals) -> Json:
    return {
        "calls": figures.calls,
        "turns": figures.turns,
        "recognised": figures.recognised,
        "contained": figures.contained,
        "outcomes": dict(figures.outcomes),
    }


def _course(course: Course) -> Json:
    return {
        "outcome": str(course.outcome) if course.outcome is not None else None,
        "stopped": course.stopped or None,
        "turns": [
            {
                "step": turn.step,
                "result": str(turn.result),
                "meaning": turn.meaning,
                "next": turn.next,
            }
            for turn in course.turns
        ],
    }
