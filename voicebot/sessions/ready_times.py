"""How long agents were ready: signed in and not paused, whether they talked or not.

The distribution's changes of agents become stretches of time, written every so often: a process
that is killed loses the last half minute. Who ends while a call still runs is at work until it is
over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

import structlog

from voicebot.acd.model import AgentId, Presence
from voicebot.errors import StorageError

log = structlog.get_logger(__name__)

WRITTEN_EVERY_S: Final = 30.0
MOST_UNWRITTEN: Final = 10_000
"""Stretches that wait for a database that is away; more are lost, the oldest first."""

NoteTime: TypeAlias = Callable[[str, float, float], Awaitable[None]]
"""Writes that an agent was ready from one moment to another (UTC epoch seconds); the same beginning
again moves the end. Raises StorageError."""

_AT_WORK: Final = frozenset({Presence.AVAILABLE, Presence.LEAVING})


@dataclass(frozen=True, slots=True)
class Stretch:
    """An agent was ready from one moment to another, in UTC epoch seconds."""

    agent: AgentId
    began_at: float
    ended_at: float


class ReadyTimes:
    """The stretches of all agents that are not written yet, and those that still go on."""

    def __init__(self) -> None:
        self._since: dict[AgentId, float] = {}
        self._over: list[Stretch] = []

    def changed(self, agent: AgentId, presence: Presence | None, now: float) -> None:
        """The agent is ``presence`` from ``now`` on, None: gone."""
        if presence in _AT_WORK:
            self._since.setdefault(agent, now)
            return
        since = self._since.pop(agent, None)
        if since is not None and since < now:
            self._over.append(Stretch(agent, since, now))
            del self._over[:-MOST_UNWRITTEN]

    def unwritten(self, now: float) -> tuple[Stretch, ...]:
        """What is over, and what goes on, as if it were over now."""
        running = (Stretch(agent, since, now) for agent, since in self._since.items())
        return (*self._over, *(each for each in running if each.began_at < now))

    def written(self, stretches: Iterable[Stretch]) -> None:
        """Forget of these what is over."""
        done = frozenset(stretches)
        self._over = [each for each in self._over if each not in done]

    async def write(self, note: NoteTime, now: float) -> None:
        """Write all of it; what the database refuses is tried again the next time."""
        for stretch in self.unwritten(now):
            try:
                await note(stretch.agent, stretch.began_at, stretch.ended_at)
            except StorageError as error:
                log.warning("agent_time_not_written", problem=str(error))
                return
            self.written((stretch,))

    async def keep_written(self, note: NoteTime, clock: Callable[[], float]) -> None:
        """Write every `WRITTEN_EVERY_S`, until cancelled."""
        while True:
            await asyncio.sleep(WRITTEN_EVERY_S)
            await self.write(note, clock())
