"""Reads the contacts of the ledger one by one: `analytics.contacts.Contacts` on SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.analytics.contacts import LedgerContact
from voicebot.analytics.history import Span
from voicebot.analytics.totals import HOUR_S, Rules
from voicebot.storage.database import reading
from voicebot.storage.ledger_facts import facts, within
from voicebot.storage.schema import calls, contact_notes
from voicebot.types import CallId, Outcome

PAGE = 1000


class SqlContacts:
    """The calls that have ended, told by ``rules``. The engine stays its giver's."""

    def __init__(self, engine: AsyncEngine, rules: Rules) -> None:
        self._engine = engine
        self._rules = rules

    async def pages(self, span: Span, now: float) -> AsyncIterator[Sequence[LedgerContact]]:
        """Give the contacts of ``span``, the oldest first (`Contacts`). Raises StorageError."""
        place = tuple_(calls.c.started_at, calls.c.id)
        statement = (
            self._rows()
            .where(within(span.since, span.until))
            .order_by(calls.c.started_at, calls.c.id)
            .limit(PAGE)
        )
        settled = self._rules.settled_before(now)
        page = statement
        while True:
            # A connection for each page: a slow reader holds none.
            async with reading(self._engine, "contacts") as connection:
                rows = (await connection.execute(page)).mappings().all()
            if rows:
                yield [_contact(row, settled) for row in rows]
            if len(rows) < PAGE:
                return
            page = statement.where(place > (rows[-1]["started_at"], rows[-1]["id"]))

    async def contact(self, call_id: CallId, now: float) -> LedgerContact | None:
        """Give one contact (`ContactLookup`). Raises StorageError."""
        async with reading(self._engine, "contacts") as connection:
            found = await connection.execute(self._rows().where(calls.c.id == call_id))
            row = found.mappings().one_or_none()
        return None if row is None else _contact(row, self._rules.settled_before(now))

    def _rows(self) -> Select[tuple[Any, ...]]:
        counted = facts(self._rules)
        named = [counted[name].label(f"is_{name}") for name in ("repeats", "first", "unrepeated")]
        return select(calls, *named, _result()).where(calls.c.outcome.is_not(None))


def _result() -> ColumnElement[str]:
    """The newest result that an agent marked the call with."""
    table = contact_notes.c
    return (
        select(table.code)
        .where(table.contact_id == calls.c.id, table.code != "")
        .order_by(table.at.desc())
        .limit(1)
        .scalar_subquery()
        .label("result")
    )


def _contact(row: RowMapping, settled: int) -> LedgerContact:
    resolved: bool | None = None
    if row["is_first"]:
        over = int(row["started_at"] // HOUR_S) < settled
        # Who came back has not to be waited for.
        resolved = bool(row["is_unrepeated"]) if over or not row["is_unrepeated"] else None
    return LedgerContact(
        id=CallId(row["id"]),
        started_at=row["started_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        direction=row["direction"],
        door=row["transport"],
        caller=row["caller"],
        callee=row["callee"],
        flow=row["flow"],
        language=row["language"],
        version=row["version"] or "",
        intent=row["matter"] or "",
        customer=row["customer"] or "",
        outcome=Outcome(row["outcome"]),
        reason=row["reason"],
        queue=row["queue"] or "",
        agent=row["agent"] or "",
        waited_s=row["waited_s"],
        handled_s=row["handled_s"],
        wrapped_s=row["wrapped_s"],
        called_back=bool(row["called_back"]),
        result=row["result"] or "",
        repeat=bool(row["is_repeats"]),
        resolved=resolved,
    )
