"""The ledger on SQL: sums of contacts over any interval, fast however many are stored.

Sums are kept for every hour. What changes a call marks its hour stale in the same transaction, and
the hours of earlier calls that it makes repeated; `fold` counts stale hours anew once they are
over. A stale hour, and the ends of an interval that are no whole hours, are counted from the calls
themselves. So an answer is always exact, and a kill at any moment costs nothing but a later fold.

Sums outlive calls that are deleted when their time is over; `rebuild` counts only what is there.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import structlog
from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    case,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    values,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicebot.analytics.history import HourSums, Span, Split
from voicebot.analytics.measures import AgentSeconds
from voicebot.analytics.totals import HOUR_S, NAMES, Rules, Totals, add_to
from voicebot.errors import StorageError
from voicebot.sessions.ready_times import Stretch
from voicebot.storage.agent_times import read_times, write_times
from voicebot.storage.database import reading, writing
from voicebot.storage.ledger_facts import HourOf, contacts, fold_hours, within
from voicebot.storage.schema import (
    CUTS,
    calls,
    ledger_hours,
    ledger_rules,
    stale_hours,
)

FOLD_EVERY_S: Final = 30.0
BREATH_S: Final = 0.2
AT_ONCE: Final = 12
"""Hours that one transaction folds: it keeps others from writing for some tens of milliseconds."""
_NO_END: Final = 2**31 - 1
MOST_RANGES: Final = 200
"""More stretches than these are read as one: a condition may not grow without end."""

log = structlog.get_logger(__name__)


class SqlLedger:
    """Counts the calls that `storage.journal` writes by ``rules``. The engine stays its giver's."""

    def __init__(self, engine: AsyncEngine, rules: Rules) -> None:
        self._engine = engine
        self._rules = rules

    # Reading

    async def sums(
        self,
        span: Span,
        where: Mapping[Split, str],
        split: Split | None,
        *,
        hourly: bool,
        now: float,
        starts: Sequence[int] = (),
    ) -> Sequence[HourSums]:
        """Give the sums of ``span`` (`analytics.history.Ledger`). Raises StorageError."""
        asked = _Asked(where, split, hourly, starts, self._rules.settled_before(now))
        first, last = math.ceil(span.since / HOUR_S), int(span.until // HOUR_S)
        found: list[HourSums] = []
        async with self._reading() as connection:
            cut = asked.cut if await self._is_by_our_rules(connection) else None
            if cut is None or first >= last:
                ranges = [(span.since, span.until)]
            else:
                hours = stale_hours.c.hour
                wanted = select(hours).where(hours >= first, hours < last).order_by(hours)
                stale = (await connection.execute(wanted)).scalars().all()
                ranges = _unkept(span, first, last, stale)
                found += await asked.read(connection, asked.of_hours(cut, ranges, first, last))
            if ranges:
                rows = contacts(_any_of(ranges), self._rules, asked.dimensions).subquery()
                found += await asked.read(connection, asked.of_rows(rows))
        return _added(found)

    async def agent_seconds(self, span: Span) -> Mapping[str, AgentSeconds]:
        """How long each agent was ready, and busy (`analytics.history.Ledger`). Raises
        StorageError."""
        async with self._reading() as connection:
            return await read_times(connection, span)

    # Keeping

    async def note_agent_times(self, stretches: Sequence[Stretch]) -> None:
        """Write when agents were ready and busy; the same agent and beginning again moves the end.
        Raises StorageError."""
        async with self._writing() as connection:
            await write_times(connection, stretches)

    async def start(self) -> None:
        """See that what is kept is counted by our rules; else all of it is stale. Raises
        StorageError."""
        async with self._writing() as connection:
            if await self._is_by_our_rules(connection):
                return
            await _mark(connection, select(ledger_hours.c.hour).distinct())
            await connection.execute(delete(ledger_rules))
            await connection.execute(insert(ledger_rules).values(rules=self._rules.key))

    async def rebuild(self) -> None:
        """Throw all sums away and mark every hour with calls stale. Raises StorageError."""
        async with self._writing() as connection:
            await connection.execute(delete(ledger_hours))
            await _mark(connection, select(HourOf(calls.c.started_at)).distinct())
            await connection.execute(delete(ledger_rules))
            await connection.execute(insert(ledger_rules).values(rules=self._rules.key))

    async def fold(self, now: float, limit: int = 96) -> int:
        """Count at most ``limit`` stale hours that are over anew, the newest first, a few in one
        transaction. Gives how many. Raises StorageError."""
        hour = stale_hours.c.hour
        over = select(hour).where(hour < int(now // HOUR_S)).order_by(hour.desc()).limit(limit)
        async with self._reading() as connection:
            stale = (await connection.execute(over)).scalars().all()
        for place in range(0, len(stale), AT_ONCE):
            await self._fold(stale[place : place + AT_ONCE])
        return len(stale)

    async def _fold(self, hours: Sequence[int]) -> None:
        async with self._writing() as connection:
            # First: what changes a call of these hours meanwhile waits, and marks its hour again.
            await connection.execute(delete(stale_hours).where(stale_hours.c.hour.in_(hours)))
            for cut in CUTS:
                kept = ledger_hours.c.cut == cut, ledger_hours.c.hour.in_(hours)
                await connection.execute(delete(ledger_hours).where(*kept))
            for cut in reversed(CUTS):
                await connection.execute(fold_hours(cut, hours, self._rules))

    async def keep_folded(self, clock: Callable[[], float]) -> None:
        """Fold as hours go by, until cancelled. What the database refuses is tried again."""
        while True:
            folded = 0
            try:
                folded = await self.fold(clock(), AT_ONCE)
            except StorageError as error:
                log.warning("ledger_not_folded", problem=str(error))
            # After a full load there is more, but the calls come first.
            await asyncio.sleep(BREATH_S if folded == AT_ONCE else FOLD_EVERY_S)

    async def _is_by_our_rules(self, connection: AsyncConnection) -> bool:
        found = (await connection.execute(select(ledger_rules.c.rules))).scalars().all()
        return list(found) == [self._rules.key]

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        async with reading(self._engine, "the ledger") as connection:
            if connection.dialect.name == "postgresql":
                # Marks and sums as of one moment; SQLite reads so anyway.
                await connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    def _writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return writing(self._engine, "the ledger")


class _Asked:
    """The statements of one question."""

    def __init__(
        self,
        where: Mapping[Split, str],
        split: Split | None,
        hourly: bool,
        starts: Sequence[int],
        settled: int,
    ) -> None:
        self._where = where
        self._split = split
        self._hourly = hourly
        self._periods = _periods(starts) if starts else None
        self._settled = settled
        used = {*where, *(() if split is None else (split,))}
        self.dimensions = sorted(each.value for each in used)
        self.cut = next((cut for cut, kept in CUTS.items() if used <= set(kept)), None)
        """Where its sums are kept; None where they have to be counted."""

    def of_hours(
        self, cut: str, ranges: Sequence[tuple[float, float]], first: int, last: int
    ) -> Any:
        """Sums of the hours of a cut that are in none of ``ranges``."""
        hour = ledger_hours.c.hour
        outside = [
            ~hour.between(int(begin // HOUR_S), math.ceil(end / HOUR_S) - 1)
            for begin, end in ranges
        ]
        kept = ledger_hours.c.cut == cut
        return self.of_rows(ledger_hours).where(kept, hour >= first, hour < last, *outside)

    def of_rows(self, rows: FromClause) -> Any:
        """Sums over ``rows``, which have the columns of `contacts`."""
        split = literal("") if self._split is None else rows.c[self._split.value]
        hour: ColumnElement[Any] = rows.c.hour if self._hourly else literal(None)
        if self._periods is not None:
            # Here, and not where they are read: an agent has hundreds of hours in a month.
            hour = self._periods.c.begin
        settled = rows.c.hour < self._settled
        columns: dict[str, ColumnElement[Any]] = {
            "settled": case((settled, rows.c.first), else_=0),
            "resolved": case((settled, rows.c.unrepeated), else_=0),
        }
        # Cast: PostgreSQL gives sums of integers as decimals.
        sums = [
            cast(
                func.coalesce(func.sum(columns.get(name, rows.c.get(name))), 0),
                Double if name.endswith("_s") else BigInteger,
            )
            for name in NAMES
        ]
        wanted = [rows.c[name.value] == value for name, value in self._where.items()]
        groups = [hour] * self._hourly + ([split] if self._split is not None else [])
        chosen = select(hour.label("hour_"), split.label("value"), *sums).where(*wanted)
        if self._periods is not None:
            within_ = rows.c.hour.between(self._periods.c.begin, self._periods.c.last)
            chosen = chosen.select_from(self._periods.join(rows, within_))
        return chosen.group_by(*groups)

    async def read(self, connection: AsyncConnection, statement: Any) -> list[HourSums]:
        rows = await connection.execute(statement)
        return [HourSums(hour, value, Totals(*sums)) for hour, value, *sums in rows]


def _periods(starts: Sequence[int]) -> CTE:
    """The periods that begin with the hours ``starts``; the last has no end."""
    lasts = [*(start - 1 for start in starts[1:]), _NO_END]
    columns = column("begin", Integer), column("last", Integer)
    rows = list(zip(starts, lasts, strict=True))
    return values(*columns, name="listed", literal_binds=True).data(rows).cte("periods")


def _added(found: Iterable[HourSums]) -> list[HourSums]:
    sums: dict[tuple[int | None, str], Totals] = {}
    for each in found:
        add_to(sums, (each.hour, each.value), each.totals)
    return [
        HourSums(hour, value, totals) for (hour, value), totals in sums.items() if totals.contacts
    ]


def _unkept(span: Span, first: int, last: int, stale: Sequence[int]) -> list[tuple[float, float]]:
    """The stretches of ``span`` that are in no kept hour: its ends, and stale hours; in order."""
    ends = [(span.since, float(first * HOUR_S)), (float(last * HOUR_S), span.until)]
    hours = [(float(hour * HOUR_S), float((hour + 1) * HOUR_S)) for hour in stale]
    joined: list[tuple[float, float]] = []
    for begin, end in (ends[0], *hours, ends[1]):
        if joined and joined[-1][1] == begin:
            joined[-1] = (joined[-1][0], end)
        elif begin < end:
            joined.append((begin, end))
    return joined if len(joined) <= MOST_RANGES else [(joined[0][0], joined[-1][1])]


def _any_of(ranges: Sequence[tuple[float, float]]) -> ColumnElement[bool]:
    return or_(*(within(since, until) for since, until in ranges))


async def _mark(connection: AsyncConnection, hours: Any) -> None:
    marked = (await connection.execute(hours)).scalars().all()
    known = set((await connection.execute(select(stale_hours.c.hour))).scalars())
    fresh = [{"hour": hour} for hour in marked if hour not in known]
    if fresh:
        await connection.execute(insert(stale_hours), fresh)
