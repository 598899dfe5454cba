"""How fast the history tells what calls teach, over a large record.

Made-up calls of the demo shop (`voicebot demo-data`) are copied, moved in time, until there are so
many contacts (`CONTACTS`, or the first argument) in a month, in a fresh SQLite file or in the
PostgreSQL that the second argument names (its tables are emptied); a third argument names a record
of made-up calls that is there already. Then where callers leave, what was misunderstood and how
actions did are asked for over HTTP, of all contacts and of some. New words are encoded fifty of a
language at a time: how long such looks take is told apart. Beside the time on the clock stands that
of the processor.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI
from sqlalchemy import (
    ColumnElement,
    Double,
    Text,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    values,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from benchmarks.ledger import Times
from voicebot.analytics.totals import DAY_S
from voicebot.flows.reader import load_flows
from voicebot.nlu.meanings import Meanings, encode
from voicebot.storage.action_runs import SqlActionRuns
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.database import WRITES, open_database
from voicebot.storage.deflections import SqlDeflections
from voicebot.storage.migrations import upgrade
from voicebot.storage.misheard import SqlMisheard
from voicebot.storage.schema import action_runs, calls, deflections, turns
from voicebot.types import Language
from voicebot.web.api.action_runs import action_runs_router
from voicebot.web.api.offers import offers_router
from voicebot.web.api.workbench import workbench_router
from voicebot.workbench import Workbench

CONTACTS: Final = 1_000_000
SEEDS: Final = 600
AT_ONCE: Final = 50
DAYS: Final = 30
APPLICATION: Final = Path()
CHOSEN: Final = {
    "all": {},
    "a queue": {"queue": "support"},
    "a language": {"language": "zh-CN"},
    "an intent and a queue": {"intent": "return", "queue": "returns"},
    "without an intent": {"intent": ""},
    "nobody's": {"agent": "nobody"},
    "a flow that is none": {"flow": "none"},
}
PARTS: Final = ("funnel", "misunderstood", "actions", "offers")


def _made_up(folder: Path) -> str:
    """A small record of the demo shop."""
    url = f"sqlite:///{folder / 'seeds.db'}"
    command = [sys.executable, "-c", "from voicebot.cli.main import main; main()", "demo-data"]
    command += ["--contacts", str(SEEDS), "--days", "2", "--database", url]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return url


async def _copy(seeds: AsyncEngine, engine: AsyncEngine, contacts: int) -> float:
    """Fill the tables; gives the time after the last contact."""
    async with engine.execution_options(**WRITES).begin() as connection:
        for table in (deflections, action_runs, turns, calls):
            await connection.execute(delete(table))
        for table in (calls, turns, action_runs, deflections):
            async with seeds.connect() as read:
                rows = (await read.execute(select(table))).mappings().all()
            columns = [column.name for column in table.c if column.name != "id" or table is calls]
            made = [{name: row[name] for name in columns} for row in rows]
            await connection.execute(insert(table), made)
        ids = (await connection.execute(select(calls.c.id))).scalars().all()
        copies = contacts // len(ids)
        step_s = (DAYS - 2) * DAY_S / copies
        for first in range(1, copies, AT_ONCE):
            steps = range(first, min(first + AT_ONCE, copies))
            await _again(connection, ids, [(f"{each}-", each * step_s) for each in steps])
        last = (await connection.execute(select(func.max(calls.c.started_at)))).scalar_one()
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("ANALYZE"))
    return float(last) + 1.0


async def _again(
    connection: AsyncConnection, ids: Sequence[str], steps: Sequence[tuple[str, float]]
) -> None:
    """The seeds once more for each of ``steps``: what stands before an id, and how much earlier."""
    columns_ = column("before", Text), column("earlier", Double)
    moved = values(*columns_, name="listed", literal_binds=True).data(list(steps)).cte("steps")
    for table in (calls, turns, action_runs, deflections):
        name = "id" if table is calls else "call_id"
        names = [each.name for each in table.c if each.name != "id" or table is calls]
        columns: list[ColumnElement[Any]] = []
        for each in names:
            if each == name:
                columns.append(moved.c.before.concat(table.c[each]))
            elif each.endswith("_at") or each == "at":
                columns.append(table.c[each] - moved.c.earlier)
            else:
                columns.append(table.c[each])
        chosen = select(*columns).select_from(table.join(moved, literal(True)))
        chosen = chosen.where(table.c[name].in_(ids))
        await connection.execute(insert(table).from_select(names, chosen))


def _app(engine: AsyncEngine, now: float) -> FastAPI:
    bench = Workbench(APPLICATION, load_flows(APPLICATION / "flows"), Meanings())
    clock = lambda: now  # noqa: E731
    app = FastAPI()
    archive = SqlCallArchive(engine)
    app.include_router(workbench_router(SqlMisheard(engine), archive, lambda: bench, clock))
    app.include_router(offers_router(SqlDeflections(engine), clock))
    app.include_router(action_runs_router(SqlActionRuns(engine), dict, clock))
    return app


def _pages(now: float) -> Iterator[tuple[str, str, dict[str, str]]]:
    since = datetime.fromtimestamp(now - DAYS * DAY_S, UTC).isoformat()
    for part in PARTS:
        for name, chosen in CHOSEN.items():
            yield part, name, {"since": since, **chosen}


async def _ask(client: httpx.AsyncClient, part: str, asked: dict[str, str]) -> int:
    answer = await client.get(f"/api/{part}", params=asked)
    answer.raise_for_status()
    return int(answer.json().get("pending", 0))


async def _measure(url: str, contacts: int, made_up: str) -> None:
    await upgrade(url)
    engine, seeds = open_database(url), open_database(made_up)
    began = time.perf_counter()
    now = await _copy(seeds, engine, contacts)
    await seeds.dispose()
    async with engine.connect() as connection:
        counts = [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (calls, turns, action_runs, deflections)
        ]
    print(
        f"{engine.dialect.name}: {counts[0]} contacts, {counts[1]} turns, {counts[2]} runs, "
        f"{counts[3]} stages"
    )
    print(f"  copied in {time.perf_counter() - began:.0f} s")
    first, whole = Times(), Times()
    for language in ("en-US", "zh-CN"):
        encode(Language(language), ["a text"])  # loads its network
    transport = httpx.ASGITransport(_app(engine, now))
    async with httpx.AsyncClient(transport=transport, base_url="http://voicebot") as client:
        for part, _, asked in _pages(now):
            pending = part == "misunderstood"
            while pending:
                began, busy = time.perf_counter(), time.process_time()
                pending = bool(await _ask(client, part, asked))
                first.clock.append(time.perf_counter() - began)
                first.processor.append(time.process_time() - busy)
        for part, name, asked in _pages(now):
            await whole.measure(f"{part} of {name}", partial(_ask, client, part, asked))
    print(f"  looks at new words: {first.p95}")
    print(f"  any part: {whole.p95}")
    await engine.dispose()


def main() -> None:
    contacts = int(sys.argv[1]) if len(sys.argv) > 1 else CONTACTS
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/calls.db"
        made_up = sys.argv[3] if len(sys.argv) > 3 else _made_up(Path(folder))
        asyncio.run(_measure(url, contacts, made_up))


if __name__ == "__main__":
    main()
