"""Writes down what happens in calls, as it happens: the `Journal` of the sessions room on SQL.

`append` puts a fact into a bounded queue; one task takes what is waiting, in order, and commits it
in one transaction, with the words by which turns are found. With the database at rest that is a few
milliseconds after the fact, and what is committed outlives a killed process. While the database is
locked or away the facts wait, and the writer tries again. Nothing is lost in silence: every fact is
in the end written, or counted as dropped (no room, or the end of the process) or failed (it can
never be written).

A call without an end is one whose process was killed; `start` closes it. So one database belongs
to one voicebot at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import structlog
from sqlalchemy import SelectBase, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicebot.errors import StorageError
from voicebot.events import (
    ActionRan,
    CallEnded,
    CallEvent,
    QuestionUnanswered,
    QueueNoted,
    TurnFinished,
)
from voicebot.notices.model import Telling
from voicebot.storage.batch import Insert, write
from voicebot.storage.database import WRITES, describe
from voicebot.storage.ledger_facts import HourOf, hours_changed
from voicebot.storage.notices import notice_row
from voicebot.storage.outages import is_outage
from voicebot.storage.schema import calls, notices, stale_hours, turns
from voicebot.types import CallId, Outcome

STOPPED_DURING_CALL = "voicebot stopped during the call"

_FIRST_RETRY_S = 0.05
_LONGEST_RETRY_S = 2.0

_Plenty: TypeAlias = TurnFinished | QuestionUnanswered | ActionRan
"""Facts that a call has many of."""

_INSERTS: Mapping[str, Insert] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class JournalStats:
    """What became of the facts so far. ``problem`` is what keeps the writer waiting, or empty."""

    waiting: int
    written: int
    dropped: int
    failed: int
    retries: int
    problem: str


class SqlJournal:
    """Takes facts down into the tables of `storage.schema`.

    ``capacity`` bounds the facts that wait; the last tenth is kept from what a call has many of, so
    that under pressure calls still get their beginning and their end. ``batch`` bounds one
    transaction. ``telling`` says what others are to be told of the facts; that is written with
    them.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        capacity: int = 10_000,
        batch: int = 200,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        telling: Telling | None = None,
    ) -> None:
        self._engine = engine.execution_options(**WRITES)
        self._insert: Insert = _INSERTS[engine.dialect.name]
        self._capacity = capacity
        self._batch = batch
        self._sleep = sleep
        self._telling = telling
        self._waiting: deque[CallEvent] = deque()
        self._stirred = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writer: asyncio.Task[None] | None = None
        self._written = self._dropped = self._failed = self._retries = 0
        self._problem = ""

    @property
    def stats(self) -> JournalStats:
        return JournalStats(
            waiting=len(self._waiting),
            written=self._written,
            dropped=self._dropped,
            failed=self._failed,
            retries=self._retries,
            problem=self._problem,
        )

    async def start(self) -> int:
        """Close the calls that an earlier process left open, then begin to write.

        Gives how many were closed. Raises StorageError when the database cannot be used.
        """
        try:
            async with self._engine.begin() as connection:
                await self._mark(connection, _hours_interrupted())
                ended = await _close_interrupted(connection)
                await self._tell(connection, ended)
        except (SQLAlchemyError, OSError) as error:
            raise StorageError(f"call records cannot be written: {describe(error)}") from None
        if ended:
            log.warning("interrupted_calls_closed", calls=len(ended))
        self._writer = asyncio.create_task(self._write_on(), name="call journal")
        return len(ended)

    def append(self, event: CallEvent) -> None:
        """Take one fact. Returns at once and never raises: what cannot be kept is counted."""
        capacity = self._capacity
        if isinstance(event, _Plenty):
            capacity -= capacity // 10
        if self._writer is None or len(self._waiting) >= capacity:
            self._dropped += 1
            return
        self._waiting.append(event)
        self._idle.clear()
        self._stirred.set()

    async def flush(self) -> None:
        """Return when nothing is waiting any more."""
        await self._idle.wait()

    async def stop(self, timeout_s: float = 5.0) -> None:
        """Write what is waiting, for at most ``timeout_s``, and end."""
        if self._writer is None:
            return
        writer, self._writer = self._writer, None
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            log.error("journal_not_flushed", lost=len(self._waiting), problem=self._problem)
            self._dropped += len(self._waiting)
            self._waiting.clear()
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)

    async def _write_on(self) -> None:
        while True:
            await self._stirred.wait()
            while self._waiting:
                batch = tuple(islice(self._waiting, self._batch))
                await self._write(batch)
                for _ in batch:
                    self._waiting.popleft()
            self._stirred.clear()
            self._idle.set()

    async def _write(self, batch: Sequence[CallEvent]) -> None:
        pause_s = _FIRST_RETRY_S
        while True:
            try:
                orphans = await self._commit(batch)
            except Exception as error:  # noqa: BLE001  (no odd fact may end the journal)
                if not is_outage(error):
                    await self._write_apart(batch, error)
                    return
                self._note_outage(describe(error))
                await self._sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_RETRY_S)
            else:
                self._note_success(len(batch) - orphans, orphans)
                return

    async def _commit(self, batch: Sequence[CallEvent]) -> int:
        """Write ``batch`` in one transaction; gives how many facts belonged to no known call."""
        async with self._engine.begin() as connection:
            orphans = await write(connection, batch, self._insert)
            told = [each.call_id for each in batch if isinstance(each, CallEnded | QueueNoted)]
            if told:
                await self._mark(connection, hours_changed(told))
            tells = await self._tell(connection, batch)
        if tells and self._telling is not None:
            self._telling.kept()
        return orphans

    async def _tell(self, connection: AsyncConnection, events: Sequence[CallEvent]) -> bool:
        """Keep what others are to be told of ``events``; whether there is anything."""
        if self._telling is None:
            return False
        rows = [notice_row(notice) for event in events for notice in self._telling.of(event)]
        if rows:
            await connection.execute(self._insert(notices).on_conflict_do_nothing(), rows)
        return bool(rows)

    async def _mark(self, connection: AsyncConnection, hours: SelectBase) -> None:
        """Tell the ledger (`storage.ledger`) that the sums of ``hours`` have changed."""
        marks = self._insert(stale_hours).from_select(["hour"], hours)
        # An update, and not nothing, so that a fold of the hour under way is waited for.
        again = {"hour": marks.excluded.hour}
        await connection.execute(marks.on_conflict_do_update(index_elements=["hour"], set_=again))

    async def _write_apart(self, batch: Sequence[CallEvent], error: Exception) -> None:
        """One of ``batch`` cannot be written: find it, and keep the others."""
        if len(batch) > 1:
            for event in batch:
                await self._write((event,))
            return
        self._failed += 1
        log.error(
            "call_fact_not_written",
            call_id=batch[0].call_id,
            fact=type(batch[0]).__name__,
            # The driver's text may repeat what the caller said; its kind does not.
            problem=type(getattr(error, "orig", None) or error).__name__,
        )

    def _note_outage(self, problem: str) -> None:
        if not self._problem:
            log.warning("journal_waits_for_database", problem=problem)
        self._problem = problem
        self._retries += 1

    def _note_success(self, written: int, orphans: int) -> None:
        if self._problem:
            log.info("journal_goes_on")
        self._problem = ""
        self._written += written
        self._failed += orphans


def _hours_interrupted() -> SelectBase:
    return select(HourOf(calls.c.started_at)).where(calls.c.ended_at.is_(None)).distinct()


async def _close_interrupted(connection: AsyncConnection) -> list[CallEnded]:
    """Close every call without an end, at the time of the last thing known of it."""
    last_turn = select(func.max(turns.c.at)).where(turns.c.call_id == calls.c.id).scalar_subquery()
    ended_at = func.coalesce(last_turn, calls.c.answered_at, calls.c.started_at)
    result = await connection.execute(
        update(calls)
        .where(calls.c.ended_at.is_(None))
        .values(ended_at=ended_at, outcome=Outcome.FAILED.value, reason=STOPPED_DURING_CALL)
        .returning(calls.c.id, calls.c.ended_at)
    )
    return [
        CallEnded(CallId(id_), at, Outcome.FAILED, STOPPED_DURING_CALL) for id_, at in result.all()
    ]
