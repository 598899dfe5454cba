"""Reads how actions ran: `analytics.action_runs.ActionRuns` on SQL."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.action_result import ActionResult
from voicebot.analytics.action_runs import MOST_CONTACTS, Run, Runs
from voicebot.analytics.history import Span, Split
from voicebot.storage.database import reading
from voicebot.storage.newest import newest, pieces
from voicebot.storage.schema import action_runs
from voicebot.types import CallId


class SqlActionRuns:
    """The runs that `storage.journal` writes. The engine stays its giver's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def runs(self, span: Span, where: Mapping[Split, str]) -> Runs:
        """Give the runs of contacts (`ActionRuns`). Raises StorageError."""
        run = action_runs.c
        found: list[Run] = []
        async with reading(self._engine, "runs of actions") as connection:
            contacts, complete = await newest(connection, span, where, MOST_CONTACTS)
            for piece in pieces(contacts):
                statement = select(run.call_id, run.action, run.result, run.ms)
                rows = await connection.execute(statement.where(run.call_id.in_(piece)))
                found += [
                    Run(CallId(call), action, ActionResult(result), ms)
                    for call, action, result, ms in rows
                ]
        return Runs(tuple(found), len(contacts), complete)
