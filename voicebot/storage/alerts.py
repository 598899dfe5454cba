"""What outlives a restart of alerts: their state, and notices that have not arrived."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import structlog
from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.alerts.state import AlertState
from voicebot.letters.letter import Channel, Letter
from voicebot.storage.database import reading, writing
from voicebot.storage.schema import alert_letters, alert_state

log = structlog.get_logger(__name__)

_WHAT: Final = "alerts"
_ONLY: Final = 1
AT_ONCE: Final = 20
"""Letters of a channel that are read together."""


class SqlAlertBook:
    """The state of alerts, and `notices.LetterBook`. The engine stays its giver's to dispose of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def state(self) -> AlertState:
        """What was kept last; that of another version begins anew. Raises StorageError."""
        async with reading(self._engine, _WHAT) as connection:
            found = (await connection.execute(select(alert_state.c.state))).scalar_one_or_none()
        try:
            return AlertState() if found is None else AlertState.from_json(found)
        except (KeyError, TypeError):
            log.warning("alert_state_not_understood", remedy="alerts begin anew")
            return AlertState()

    async def keep(self, state: AlertState, letters: Iterable[Letter]) -> None:
        """Keep the state and what is to be told of it, both or neither. Raises StorageError."""
        rows = [
            {
                "id": each.id,
                "channel": each.channel,
                "body": dict(each.body),
                "created_at": each.created_at,
                "due_at": each.due_at,
                "tries": each.tries,
            }
            for each in letters
        ]
        async with writing(self._engine, _WHAT) as connection:
            await connection.execute(delete(alert_state))
            await connection.execute(insert(alert_state).values(id=_ONLY, state=state.to_json()))
            if rows:
                await connection.execute(insert(alert_letters), rows)

    async def letters(self, channel: Channel) -> Sequence[Letter]:
        """Those that wait, the oldest first, `AT_ONCE` at most. Raises StorageError."""
        table = alert_letters.c
        oldest = (
            select(alert_letters)
            .where(table.channel == channel)
            .order_by(table.created_at, table.id)
            .limit(AT_ONCE)
        )
        async with reading(self._engine, _WHAT) as connection:
            rows = (await connection.execute(oldest)).mappings().all()
        return [Letter(**row) for row in rows]

    async def postpone(self, letter: Letter, due_at: float) -> None:
        """Another try has failed. Raises StorageError."""
        change = update(alert_letters).where(_same(letter))
        async with writing(self._engine, _WHAT) as connection:
            await connection.execute(change.values(due_at=due_at, tries=letter.tries + 1))

    async def drop(self, letter: Letter) -> None:
        """It has arrived, or was given up. Raises StorageError."""
        async with writing(self._engine, _WHAT) as connection:
            await connection.execute(delete(alert_letters).where(_same(letter)))


def _same(letter: Letter) -> ColumnElement[bool]:
    return and_(alert_letters.c.id == letter.id, alert_letters.c.channel == letter.channel)
