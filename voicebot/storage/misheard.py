"""Reads the turns in which callers were not understood: `MisheardTurns` on SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import RowMapping, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicebot.analytics.history import Span, Split
from voicebot.analytics.misunderstood import MOST_CONTACTS, Misheard, Misses
from voicebot.events import TurnResult
from voicebot.storage.database import reading
from voicebot.storage.newest import newest, pieces
from voicebot.storage.schema import turns
from voicebot.types import CallId, Language, Mode


class SqlMisheard:
    """The turns that `storage.journal` writes. The engine stays its giver's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def misheard(
        self, span: Span, where: Mapping[Split, str], *, unsure: float, limit: int
    ) -> Misses:
        """Give the turns of contacts (`MisheardTurns`). Raises StorageError."""
        found: list[Misheard] = []
        async with reading(self._engine, "turns") as connection:
            contacts, complete = await newest(connection, span, where, MOST_CONTACTS)
            for piece in pieces(contacts):
                found += await _misheard(connection, piece, unsure)
                if len(found) > limit:
                    complete = False
                    break
        return Misses(tuple(found[:limit]), complete)


async def _misheard(
    connection: AsyncConnection, contacts: Mapping[str, RowMapping], unsure: float
) -> Sequence[Misheard]:
    """The turns of ``contacts``, in their order."""
    turn = turns.c
    no_match = turn.result == TurnResult.NOMATCH.value
    doubtful = and_(turn.result == TurnResult.MATCH.value, turn.heard_confidence < unsure)
    statement = (
        select(turns)
        .where(
            turn.call_id.in_(contacts),
            turn.heard_mode != Mode.DTMF.value,
            turn.heard_text != "",
            or_(no_match, doubtful),
        )
        .order_by(turn.call_id, turn.number)
    )
    place = {id_: number for number, id_ in enumerate(contacts)}
    rows = (await connection.execute(statement)).mappings().all()
    return [
        Misheard(
            CallId(row["call_id"]),
            row["at"],
            contacts[row["call_id"]]["flow"],
            row["step"],
            Language(contacts[row["call_id"]]["language"]),
            row["heard_text"],
            row["heard_confidence"],
            row["result"] == TurnResult.MATCH.value,
        )
        for row in sorted(rows, key=lambda row: place[row["call_id"]])
    ]
