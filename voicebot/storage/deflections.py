"""Reads the stages on the way to text back: `DeflectionRecords` of the analytics room on SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.analytics.deflection import MOST_CONTACTS, Stages
from voicebot.analytics.history import Span, Split
from voicebot.events import DeflectionReached, DeflectionStage
from voicebot.storage.database import reading
from voicebot.storage.newest import newest, pieces
from voicebot.storage.schema import deflections
from voicebot.types import CallId


class SqlDeflections:
    """The stages that `storage.journal` writes. The engine stays its giver's to dispose of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def stages(self, since: float, until: float) -> Sequence[DeflectionReached]:
        """Give all stages of contacts first offered text in that time. Raises StorageError."""
        table = deflections.c
        first, before = deflections.alias("first").c, deflections.alias("before").c
        offer = DeflectionStage.OFFERED.value
        # By the index of times: what was offered in other years is not looked at.
        earlier = select(before.call_id).where(
            before.call_id == first.call_id, before.stage == offer, before.at < since
        )
        offered = select(first.call_id).where(
            first.stage == offer, first.at >= since, first.at < until, ~earlier.exists()
        )
        statement = select(deflections).where(table.call_id.in_(offered)).order_by(table.at)
        return await self._read(statement)

    async def chosen(self, span: Span, where: Mapping[Split, str]) -> Stages:
        """Give the stages of chosen contacts (`StagesOfChosen`). Raises StorageError."""
        found: list[DeflectionReached] = []
        async with reading(self._engine, "deflection") as connection:
            contacts, complete = await newest(connection, span, where, MOST_CONTACTS)
            for piece in pieces(contacts):
                statement = select(deflections).where(deflections.c.call_id.in_(piece))
                found += map(_fact, (await connection.execute(statement)).mappings())
        return Stages(found, len(contacts), complete)

    async def stages_of(self, call_id: CallId) -> Sequence[DeflectionReached]:
        """Give all stages of one contact (`StagesLookup`). Raises StorageError."""
        table = deflections.c
        return await self._read(
            select(deflections).where(table.call_id == call_id).order_by(table.at)
        )

    async def _read(self, statement: Select[tuple[Any, ...]]) -> Sequence[DeflectionReached]:
        async with reading(self._engine, "deflection") as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return [_fact(row) for row in rows]


def _fact(row: RowMapping) -> DeflectionReached:
    stage = DeflectionStage(row["stage"])
    return DeflectionReached(CallId(row["call_id"]), row["at"], stage, row["intent"])
