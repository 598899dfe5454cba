"""Reads the records of calls back: the `CallArchive` of the sessions room on SQL.

Pages are found by the place where the last one ended (not by counting rows), so that calls which
come in meanwhile neither repeat nor hide others, and the thousandth page costs what the first does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager

from sqlalchemy import ColumnElement, RowMapping, and_, exists, false, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicebot.action_result import ActionResult
from voicebot.analytics.totals import Fact, Rules
from voicebot.events import DeflectionStage
from voicebot.sessions.records import CallPage, CallQuery, CallRecord, Cursor
from voicebot.storage.database import reading
from voicebot.storage.ledger_facts import has, with_values, within
from voicebot.storage.rows import call_record
from voicebot.storage.schema import action_runs, calls, deflections, turns
from voicebot.types import TEXT_DOORS, CallId, Outcome


class SqlCallArchive:
    """The calls that `storage.journal` writes, told by ``rules``. The engine stays its giver's to
    dispose of."""

    def __init__(self, engine: AsyncEngine, rules: Rules | None = None) -> None:
        self._engine = engine
        self._rules = rules or Rules()

    async def list_calls(
        self, query: CallQuery, *, after: Cursor | None = None, limit: int = 50
    ) -> CallPage:
        """Give at most ``limit`` calls, newest first. Raises StorageError."""
        statement = (
            select(calls)
            .where(*_conditions(query, after, self._rules))
            .order_by(calls.c.started_at.desc(), calls.c.id.desc())
            # One more than asked for tells whether there is another page.
            .limit(limit + 1)
        )
        async with self._reading() as connection:
            found = (await connection.execute(statement)).mappings().all()
            records = await _with_turns(connection, found[:limit])
        last = records[-1] if len(found) > limit and records else None
        return CallPage(records, Cursor(last.started_at, last.id) if last else None)

    async def get_call(self, call_id: CallId) -> CallRecord | None:
        """Give one call, or None where there is no such call. Raises StorageError."""
        async with self._reading() as connection:
            result = await connection.execute(select(calls).where(calls.c.id == call_id))
            records = await _with_turns(connection, result.mappings().all())
        return records[0] if records else None

    async def call_times(
        self, query: CallQuery, outcomes: Collection[Outcome] = ()
    ) -> Sequence[float]:
        """When the calls of ``query`` began (UTC epoch seconds), oldest first; with ``outcomes``
        only calls that ended in one of them. Only calls to us count, and no conversations in text.
        Raises StorageError."""
        conditions = [
            *_conditions(query, None, self._rules),
            calls.c.direction == "inbound",
            calls.c.transport.not_in(TEXT_DOORS),
        ]
        if outcomes:
            conditions.append(calls.c.outcome.in_([outcome.value for outcome in outcomes]))
        statement = select(calls.c.started_at).where(*conditions).order_by(calls.c.started_at)
        async with self._reading() as connection:
            return (await connection.execute(statement)).scalars().all()

    def _reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return reading(self._engine, "call records")


def _conditions(query: CallQuery, after: Cursor | None, rules: Rules) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.outcome is not None:
        conditions.append(calls.c.outcome == query.outcome.value)
    if query.caller is not None:
        conditions.append(calls.c.caller == query.caller)
    if query.since is not None:
        conditions.append(calls.c.started_at >= query.since)
    if query.until is not None:
        conditions.append(calls.c.started_at < query.until)
    if after is not None:
        place = tuple_(calls.c.started_at, calls.c.id)
        conditions.append(place < (after.started_at, after.call_id))
    conditions += with_values(query.where.items())
    if query.within is not None:
        conditions.append(or_(false(), *(within(*each) for each in query.within)))
    if query.last_step is not None:
        conditions.append(_ended_at(*query.last_step))
    if query.action is not None:
        conditions.append(_in_which_ran(*query.action))
    if query.text_stage is not None:
        conditions.append(_came_as_far_as(*query.text_stage))
    if query.ids is not None:
        conditions.append(calls.c.id.in_(query.ids))
    if query.fact is not None:
        conditions += [calls.c.outcome.is_not(None), has(Fact(query.fact), rules, query.now)]
    return conditions


def _ended_at(flow: str, step: str) -> ColumnElement[bool]:
    """Calls whose last turn was at a step; those of a called flow come with its name."""
    own = turns.alias("own")
    last = select(func.max(own.c.number)).where(own.c.call_id == turns.c.call_id).scalar_subquery()
    named = or_(turns.c.step == f"{flow}.{step}", and_(turns.c.step == step, calls.c.flow == flow))
    return exists(
        select(turns.c.number).where(turns.c.call_id == calls.c.id, turns.c.number == last, named)
    )


def _in_which_ran(action: str, result: ActionResult | None) -> ColumnElement[bool]:
    """Calls in which an action ran, and ended so."""
    run = action_runs.c
    ended = [] if result is None else [run.result == result.value]
    return exists(select(run.id).where(run.call_id == calls.c.id, run.action == action, *ended))


def _came_as_far_as(stage: DeflectionStage, intent: str | None) -> ColumnElement[bool]:
    """Calls of this stage on the way to text. Stages of the text itself carry no intent: they are
    of the one that the contact accepted."""
    came, said_yes = deflections.c, deflections.alias("accepted").c
    reached = [came.call_id == calls.c.id, came.stage == stage.value]
    if intent is not None:
        yes = said_yes.stage == DeflectionStage.ACCEPTED.value
        own = said_yes.call_id == came.call_id, said_yes.intent == intent
        of_intent = exists(select(said_yes.at).where(yes, *own))
        reached.append(or_(came.intent == intent, and_(came.intent == "", of_intent)))
    return exists(select(came.at).where(*reached))


async def _with_turns(
    connection: AsyncConnection, rows: Sequence[RowMapping]
) -> tuple[CallRecord, ...]:
    if not rows:
        return ()
    statement = (
        select(turns)
        .where(turns.c.call_id.in_([row["id"] for row in rows]))
        .order_by(turns.c.call_id, turns.c.number)
    )
    by_call: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for turn in (await connection.execute(statement)).mappings():
        by_call[turn["call_id"]].append(turn)
    return tuple(call_record(row, by_call[row["id"]]) for row in rows)
