"""The live wall of a server, built from the settings and from what the rooms know."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.acd.model import AgentId, AgentProfile
from voicebot.alerts.model import AlertView
from voicebot.analytics.history import Ledger
from voicebot.config import Settings
from voicebot.events import CallEvent
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.registry import CallRegistry
from voicebot.storage.deflections import SqlDeflections
from voicebot.types import CallId
from voicebot.wall.agent_times import AgentTimes
from voicebot.wall.board import Board
from voicebot.wall.calls_now import CallsNow
from voicebot.wall.day import Targets
from voicebot.wall.model import AgentOnWall, QueueOnWall, Wall
from voicebot.wall.today import Today
from voicebot.web.api.wall import encode, wall_router
from voicebot.web.staff_pages import wall_page_router

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 1.0
"""How exactly the wall knows since when an agent does something."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the wall gets what it shows. ``agents`` are those of the settings, ``in_text`` counts
    conversations in text that go on, ``alerts`` gives those that stand, ``joined`` the
    calls whose caller talks with a person, ``talking`` the call that each agent talks on."""

    registry: CallRegistry
    queues: QueueService
    agents: Mapping[AgentId, AgentProfile]
    ledger: Ledger
    in_text: Callable[[], int]
    alerts: Callable[[], tuple[AlertView, ...]]
    joined: Callable[[], Collection[CallId]]
    talking: Callable[[], Mapping[AgentId, CallId]]


class Wallboard:
    """``clock`` gives UTC epoch seconds; ``engine`` stays its giver's."""

    def __init__(
        self,
        settings: Settings,
        engine: AsyncEngine,
        sources: Sources,
        clock: Callable[[], float] = time.time,
    ) -> None:
        wall = settings.wall
        self._sources = sources
        self._clock = clock
        self._targets = Targets(**wall.targets)
        self._calls = CallsNow()
        self._times = AgentTimes()
        self._today = Today(
            sources.ledger, SqlDeflections(engine), ZoneInfo(wall.zone), self._targets, clock
        )
        self.board = Board(self.picture, self._today.fresh, encode, wall.most_viewers)
        self._looking: asyncio.Task[None] | None = None

    @property
    def routers(self) -> tuple[APIRouter, ...]:
        return wall_router(self.board), wall_page_router()

    def observe(self, event: CallEvent) -> None:
        """Take a fact of a call."""
        self._calls.observe(event)
        self._today.observe(event)

    def start(self) -> None:
        self._looking = asyncio.create_task(self._look_at_agents(), name="agents' times")

    async def stop(self) -> None:
        self.board.close()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look_at_agents(self) -> None:
        while True:
            try:
                self._see_agents()
            except Exception:
                # What agents do is seen again a second later.
                log.exception("agents_not_seen")
            await asyncio.sleep(LOOK_EVERY_S)

    def _see_agents(self) -> None:
        queues, agents = self._sources.queues, self._sources.agents
        self._times.see(agents, queues.agents(), queues.contacts(), self._clock())

    def picture(self) -> Wall:
        """The line as it stands; the day as it was read last."""
        sources = self._sources
        self._see_agents()
        return Wall(
            at=self._clock(),
            stages=self._calls.stages(
                sources.queues.contacts(), sources.joined(), sources.in_text()
            ),
            lines=sources.registry.active,
            most_lines=sources.registry.max_calls,
            queues=self._queues(),
            agents=self._agents(),
            day=self._today.day,
            service_level_target=self._targets.service_level,
            alerts=sources.alerts(),
        )

    def _queues(self) -> tuple[QueueOnWall, ...]:
        service, now = self._sources.queues, self._clock()
        found = []
        for name, state in service.queues().items():
            counts, error = service.tally.of(name), state.error
            found.append(
                QueueOnWall(
                    name=name,
                    open=service.is_open(name),
                    waiting=state.waiting,
                    first_since=round(now - state.longest_wait_s, 1) if state.waiting else None,
                    next_wait_s=_whole(state.next_wait_s),
                    told_s=_whole(error.mean_wait_s + error.bias_s) if error.count else None,
                    waited_s=_whole(error.mean_wait_s) if error.count else None,
                    service_level=counts.service_level,
                    agents=state.agents,
                    free=state.free,
                    answered=counts.connected,
                    abandoned=counts.abandoned,
                )
            )
        return tuple(found)

    def _agents(self) -> tuple[AgentOnWall, ...]:
        states, talking = self._sources.queues.agents(), self._sources.talking()
        found = []
        for name, profile in self._sources.agents.items():
            does, since = self._times.of(name)
            reason = states[name].reason if name in states else ""
            queues, call = tuple(profile.queues), talking.get(name, "")
            found.append(AgentOnWall(name, does, since, reason, queues, call))
        return tuple(found)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else max(0, round(seconds))
