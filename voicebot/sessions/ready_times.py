"""How long agents were ready, and how much of that with contacts: what occupancy is counted from.

An agent is ready while signed in and neither paused nor away, and until a talk is over that still
runs then. Of this the agent is busy while there is at least one contact to talk with, or work after
one; how many there are side by side makes no difference, and nothing counts while it rings. The
effects of the distribution become stretches of time that do not overlap, written every so often: a
process that is killed loses the last half minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import structlog

from voicebot.acd import effects as e
from voicebot.acd.model import AgentId, ContactId, Presence
from voicebot.errors import StorageError

log = structlog.get_logger(__name__)

WRITTEN_EVERY_S: Final = 30.0
MOST_UNWRITTEN: Final = 10_000
"""Stretches that wait for a database that is away; more are lost, the oldest first."""
AT_ONCE: Final = 500
"""Stretches that are written together."""

_AT_WORK: Final = frozenset({Presence.AVAILABLE, Presence.LEAVING})


@dataclass(frozen=True, slots=True)
class Stretch:
    """An agent was ready from one moment to another (UTC epoch seconds), ``busy`` all the time or
    not at all."""

    agent: AgentId
    began_at: float
    ended_at: float
    busy: bool


NoteTimes: TypeAlias = Callable[[Sequence[Stretch]], Awaitable[None]]
"""Writes stretches; the same agent and beginning again moves the end. Raises StorageError."""


@dataclass(slots=True)
class _Agent:
    """``since`` is when the stretch that goes on began, ``busy`` what it is (None: not ready)."""

    at_work: bool = False
    talking: set[ContactId] = field(default_factory=set)
    wrapping: set[ContactId] = field(default_factory=set)
    since: float = 0.0
    busy: bool | None = None

    def take(self, effect: e.Effect, now: float) -> None:
        match effect:
            case e.AgentChanged(presence=presence):
                self.at_work = presence in _AT_WORK
            case e.Connect(contact_id=contact_id) | e.HandedOver(contact_id=contact_id):
                self.talking.add(contact_id)
            case e.Release(contact_id=contact_id, until=until):
                self.talking.discard(contact_id)
                if until is None or until > now:
                    self.wrapping.add(contact_id)
            case e.AgentFree(contact_id=contact_id):
                self.wrapping.discard(contact_id)

    def is_busy(self) -> bool | None:
        if not self.at_work and not self.talking:
            return None
        return bool(self.talking or self.wrapping)


class ReadyTimes:
    """The stretches of all agents that are not written yet, and those that still go on. Of those
    that are over the ``most`` newest are kept."""

    def __init__(self, most: int = MOST_UNWRITTEN) -> None:
        self._most = most
        self._agents: dict[AgentId, _Agent] = {}
        self._over: list[Stretch] = []

    def take(self, effect: e.Effect, now: float) -> None:
        """Count an effect of ``now`` (UTC epoch seconds); all of them come, in order."""
        match effect:
            case (
                e.AgentChanged(agent_id=agent_id)
                | e.Connect(agent_id=agent_id)
                | e.HandedOver(agent_id=agent_id)
                | e.Release(agent_id=agent_id)
                | e.AgentFree(agent_id=agent_id)
            ):
                agent = self._agents.setdefault(agent_id, _Agent())
                agent.take(effect, now)
                self._follow(agent_id, agent, now)
                if isinstance(effect, e.AgentChanged) and effect.presence is None:
                    del self._agents[agent_id]

    def _follow(self, agent_id: AgentId, agent: _Agent, now: float) -> None:
        """End the stretch that went on, where the agent is another now, and begin the next."""
        busy = agent.is_busy()
        if busy is agent.busy:
            return
        if agent.busy is not None and agent.since < now:
            self._over.append(Stretch(agent_id, agent.since, now, agent.busy))
            del self._over[: -self._most]
        agent.since, agent.busy = now, busy

    def unwritten(self, now: float) -> tuple[Stretch, ...]:
        """What is over, and what goes on, as if it were over now."""
        running = (
            Stretch(agent_id, agent.since, now, agent.busy)
            for agent_id, agent in self._agents.items()
            if agent.busy is not None and agent.since < now
        )
        return (*self._over, *running)

    def written(self, stretches: Iterable[Stretch]) -> None:
        """Forget of these what is over."""
        done = frozenset(stretches)
        self._over = [each for each in self._over if each not in done]

    async def write(self, note: NoteTimes, now: float) -> None:
        """Write all of it; what the database refuses is tried again the next time."""
        stretches = self.unwritten(now)
        for first in range(0, len(stretches), AT_ONCE):
            piece = stretches[first : first + AT_ONCE]
            try:
                await note(piece)
            except StorageError as error:
                log.warning("agent_time_not_written", problem=str(error))
                return
            self.written(piece)

    async def keep_written(self, note: NoteTimes, clock: Callable[[], float]) -> None:
        """Write every `WRITTEN_EVERY_S`, until cancelled."""
        while True:
            await asyncio.sleep(WRITTEN_EVERY_S)
            await self.write(note, clock())
