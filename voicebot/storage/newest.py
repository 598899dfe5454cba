"""The newest contacts of a selection: where all that calls teach is looked for.

Funnel, misunderstood words and actions are told of the same contacts by the same conditions, the
newest first, and say where there were more. Counting all of them would take longer the more are
stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.analytics.history import Span, Split
from voicebot.storage.ledger_facts import with_values, within
from voicebot.storage.schema import calls

AT_ONCE: Final = 500
"""Contacts whose rows one statement reads."""


def chosen(span: Span, where: Mapping[Split, str]) -> Sequence[ColumnElement[bool]]:
    """Contacts that have ended, began in ``span`` and have the values of ``where``."""
    ended = calls.c.outcome.is_not(None)
    return within(span.since, span.until), ended, *with_values(where.items())


async def newest(
    connection: AsyncConnection, span: Span, where: Mapping[Split, str], most: int
) -> tuple[Sequence[RowMapping], bool]:
    """At most so many of them, as ``id``, ``flow`` and ``language``, the newest first; and whether
    these are all."""
    statement = (
        select(calls.c.id, calls.c.flow, calls.c.language)
        .where(*chosen(span, where))
        .order_by(calls.c.started_at.desc(), calls.c.id.desc())
        .limit(most + 1)
    )
    rows = (await connection.execute(statement)).mappings().all()
    return rows[:most], len(rows) <= most


def pieces(rows: Sequence[RowMapping]) -> Iterator[dict[str, RowMapping]]:
    """``rows`` by their ids, in pieces that one statement can ask for."""
    for place in range(0, len(rows), AT_ONCE):
        yield {row["id"]: row for row in rows[place : place + AT_ONCE]}
