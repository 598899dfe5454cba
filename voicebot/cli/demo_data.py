"""``voicebot demo-data``: a month of made-up calls, so that the pages of staff show something.

The demo shop's flows are played by made-up callers (`voicebot.traffic`), on virtual time; what
they give of themselves is written by the journal and counted by the ledger, as of real calls.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from voicebot.analytics.totals import Rules
from voicebot.cli.conversations import read_application
from voicebot.cli.library import load_intents, load_knowledge
from voicebot.cli.try_ import typed_input
from voicebot.config import Settings, load_settings
from voicebot.errors import StorageError, UsageError
from voicebot.events import CallEvent
from voicebot.flows.interpreter import Interpreter
from voicebot.grammar.disk_cache import FOLDER as GRAMMAR_CACHE
from voicebot.grammar.store import GrammarStore
from voicebot.live.fingerprint import fingerprint
from voicebot.logs import configure_logging
from voicebot.queues.reader import load_queues
from voicebot.rehearsal.sandbox import Sandbox
from voicebot.sessions.answering import with_knowledge
from voicebot.sessions.ready_times import Stretch
from voicebot.sessions.records import CallQuery
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.database import open_database, sqlite_file
from voicebot.storage.journal import SqlJournal
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.migrations import upgrade
from voicebot.traffic.calendar import HOUR_S
from voicebot.traffic.counter import Counter
from voicebot.traffic.hearing import Hearing
from voicebot.traffic.month import Month, Plan
from voicebot.traffic.talk import House

FOLDER: Final = "demo"
_MOST_WAITING: Final = 4000
_NEEDED: Final = "main_menu"
"""A step that made-up callers know; another application has other steps."""


def demo_data(
    contacts: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many calls.")] = 10_000,
    days: Annotated[int, typer.Option(min=1, max=366, help="In how many days.")] = 30,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="They end before this day (default: an hour ago)."),
    ] = None,
    zone: Annotated[str, typer.Option(help="Where day and night are, as Europe/Berlin.")] = "UTC",
    seed: Annotated[int, typer.Option(help="The same seed makes the same month.")] = 1,
    database: Annotated[
        str, typer.Option(help="Database URL (default: demo/voicebot.db in the data folder).")
    ] = "",
    mix: Annotated[
        bool, typer.Option("--mix", help="Write into a database that has calls already.")
    ] = False,
) -> None:
    """Make up a month of calls to the demo shop."""
    settings = load_settings()
    configure_logging("error")
    began = time.perf_counter()
    url = database or _own_database(settings)
    flows, _ = read_application(settings.server.application)
    plan = Plan(
        contacts,
        days,
        *_ends(until, _zone(zone), time.time()),
        seed,
        settings.calls.flow,
        tuple(map(str, flows.languages)),
        fingerprint(settings.server.application),
    )
    if _NEEDED not in flows[plan.flow].steps:
        raise UsageError(
            "made-up callers know the demo shop alone; run this where its flows are, or name them "
            "with VOICEBOT_SERVER__APPLICATION"
        )
    asyncio.run(_fill(settings, plan, url, _zone(zone), mix=mix))
    typer.echo(f"{contacts} calls in {time.perf_counter() - began:.0f} s. To look at them:")
    typer.echo(f"  VOICEBOT_STORAGE__URL={url} voicebot serve   (or: make serve)")


def _own_database(settings: Settings) -> str:
    folder = settings.server.data / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}") from None
    return f"sqlite+aiosqlite:///{(folder / 'voicebot.db').absolute()}"


async def _fill(settings: Settings, plan: Plan, url: str, zone: ZoneInfo, *, mix: bool) -> None:
    await upgrade(url)
    engine = open_database(url)
    journal = SqlJournal(engine)
    ledger = SqlLedger(engine, Rules(**settings.ledger.model_dump()))
    try:
        if not mix and (await SqlCallArchive(engine).list_calls(CallQuery(), limit=1)).calls:
            raise StorageError(
                f"{sqlite_file(url) or 'the database'} has calls already. Made-up ones are not "
                "mixed with them: delete it, name another with --database, or add --mix"
            )
        await ledger.start()
        await journal.start()

        async def drain() -> None:
            if journal.stats.waiting > _MOST_WAITING:
                await journal.flush()

        at_work = await _play(settings, plan, zone, journal.append, drain)
        await journal.flush()
        await ledger.note_agent_times(at_work)
        while await ledger.fold(plan.over_by + HOUR_S):
            pass
    finally:
        await journal.stop()
        await engine.dispose()


async def _play(
    settings: Settings,
    plan: Plan,
    zone: ZoneInfo,
    append: Callable[[CallEvent], None],
    drain: Callable[[], Awaitable[None]],
) -> list[Stretch]:
    application = settings.server.application
    flows, actions = read_application(application)
    grammars = GrammarStore(application / "grammars", settings.server.data / GRAMMAR_CACHE)
    typed = typed_input(grammars, load_intents(application, settings))
    library = load_knowledge(application, flows[plan.flow].language, settings)
    with tempfile.TemporaryDirectory(prefix="voicebot-demo-") as folder:
        sandbox = Sandbox(application, actions, Path(folder))
        counter = Counter(with_knowledge(sandbox.run, library), plan.seed)
        house = House(
            Interpreter(flows, plan.flow, actions.once), Hearing(typed), counter.run, zone
        )
        try:
            return await Month(plan, house, load_queues(application), append, drain).play()
        finally:
            await sandbox.aclose()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"--zone {name}: no such time zone; write it like Europe/Berlin") from None


def _ends(day: datetime | None, zone: ZoneInfo, now: float) -> tuple[float, float]:
    """The midnight before ``day``, tomorrow's if it is None, and when the last call has begun: a
    made-up call should be over by now."""
    last = datetime.now(zone) + timedelta(days=1) if day is None else day
    until = datetime(last.year, last.month, last.day, tzinfo=zone).timestamp()
    return until, min(until, now - HOUR_S)
