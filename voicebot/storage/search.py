"""Looks for turns by their words: `analytics.search.Transcripts` on SQL.

Both databases get words that are cut already (`indexed`), in a query of quoted words, so that
nothing anybody types is an operator. Turns come in the order in which they were written, the newest
first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, Select, and_, column, func, select, table
from sqlalchemy import literal_column as sql
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicebot.analytics.search import SearchQuery, Speaker, Term, TurnFound
from voicebot.events import TurnResult
from voicebot.storage.database import reading
from voicebot.storage.ledger_facts import with_values
from voicebot.storage.schema import calls, turn_words, turns
from voicebot.types import CallId, Outcome

_COLUMNS: Final = {Speaker.CALLER: "heard", Speaker.BOT: "said"}
_FTS5: Final = table("turn_search", column("rowid"))
_SOURCE: Final = turn_words.join(
    turns, and_(turns.c.call_id == turn_words.c.call_id, turns.c.number == turn_words.c.number)
).join(calls, calls.c.id == turns.c.call_id)
NEAR: Final = 5000
"""Turns that PostgreSQL looks through without its index: a tenth of a second."""


class SqlTranscripts:
    """The words that `storage.journal` writes. The engine stays its giver's to dispose of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(
        self, query: SearchQuery, *, before: int | None, limit: int
    ) -> Sequence[TurnFound]:
        """Give at most ``limit`` turns, the newest first (`Transcripts`). Raises StorageError."""
        if not query.terms:
            return ()
        async with reading(self._engine, "transcripts") as connection:
            look = _by_fts5 if connection.dialect.name == "sqlite" else _by_gin
            return [_found(row) for row in await look(connection, query, before, limit)]


async def _by_fts5(
    connection: AsyncConnection, query: SearchQuery, before: int | None, limit: int
) -> Sequence[RowMapping]:
    """FTS5 gives its rows in the order of their numbers, from either end."""
    place = _FTS5.c.rowid
    hits = _FTS5.join(_SOURCE, turn_words.c.id == place)
    statement = _told(query).select_from(hits).where(_fts5(query))
    if before is not None:
        statement = statement.where(place < before)
    found = await connection.execute(statement.order_by(place.desc()).limit(limit))
    return found.mappings().all()


async def _by_gin(
    connection: AsyncConnection, query: SearchQuery, before: int | None, limit: int
) -> Sequence[RowMapping]:
    """First among the newest turns, then among all of them.

    PostgreSQL takes a rare word for a frequent one and reads all turns from the newest on; or it
    gathers all turns with a frequent word to sort them. So what is frequent is found near the end
    without the index, and what is not has few enough rows to gather by it.
    """
    place = turn_words.c.id
    if before is None:
        before = ((await connection.execute(select(func.max(place)))).scalar() or 0) + 1
    newest = _told(query).select_from(_SOURCE).order_by(place.desc()).limit(limit)
    near = newest.where(_tsquery(query), place < before, place >= before - NEAR)
    rows = (await connection.execute(near)).mappings().all()
    if len(rows) == limit:
        return rows
    gathered = select(place).where(_tsquery(query), place < before).cte("hits")
    hits = gathered.prefix_with("MATERIALIZED")
    found = await connection.execute(newest.join(hits, hits.c.id == place))
    return found.mappings().all()


def _of_calls(query: SearchQuery) -> Iterator[ColumnElement[bool]]:
    if query.since is not None:
        yield calls.c.started_at >= query.since
    if query.until is not None:
        yield calls.c.started_at < query.until
    if query.outcome is not None:
        yield calls.c.outcome == query.outcome.value
    if query.caller is not None:
        yield calls.c.caller == query.caller
    yield from with_values(query.where.items())


def _told(query: SearchQuery) -> Select[tuple[object, ...]]:
    """What is told of a hit, of the calls that are wanted."""
    told = calls.c
    return select(
        turn_words.c.id.label("place"),
        turns,
        *(told.caller, told.flow, told.transport, told.started_at, told.outcome),
    ).where(*_of_calls(query))


def _fts5(query: SearchQuery) -> ColumnElement[bool]:
    """SQLite FTS5, section 3."""
    wanted = " AND ".join(
        f'"{" ".join(term.words)}"{"*" if term.open else ""}' for term in query.terms
    )
    if query.speaker is not None:
        wanted = f"{_COLUMNS[query.speaker]} : ({wanted})"
    return sql("turn_search").op("MATCH", is_comparison=True)(wanted)


def _tsquery(query: SearchQuery) -> ColumnElement[bool]:
    """PostgreSQL, section 8.11.2. The first condition is what the index has."""
    words = turn_words.c
    wanted = func.to_tsquery(sql("'simple'"), " & ".join(map(_phrase, query.terms)))

    def has(text: ColumnElement[str]) -> ColumnElement[bool]:
        return func.to_tsvector(sql("'simple'"), text).op("@@", is_comparison=True)(wanted)

    both = has(words.heard.op("||")(sql("' '")).op("||")(words.said))
    return both if query.speaker is None else and_(both, has(words[_COLUMNS[query.speaker]]))


def _phrase(term: Term) -> str:
    quoted = [f"'{word}'" for word in term.words]
    quoted[-1] += ":*" if term.open else ""
    return f"({' <-> '.join(quoted)})"


def _found(row: RowMapping) -> TurnFound:
    return TurnFound(
        place=row["place"],
        call_id=CallId(row["call_id"]),
        number=row["number"],
        at=row["at"],
        step=row["step"],
        heard=row["heard_text"] or "",
        said=row["prompt"],
        result=TurnResult(row["result"]),
        caller=row["caller"],
        flow=row["flow"],
        transport=row["transport"],
        started_at=row["started_at"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
    )
