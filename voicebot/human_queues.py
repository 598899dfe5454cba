"""Queues and agents, built from the settings and the application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile, Channel, Presence
from voicebot.config import Settings
from voicebot.desk.desks import Desks
from voicebot.desk.line import DeskLines
from voicebot.errors import ConfigError, RoutingError
from voicebot.queues.reader import QueueFile
from voicebot.sessions.agent_lines import TelephoneLines
from voicebot.sessions.feed import LiveEvent
from voicebot.sessions.queue_handoff import Moves, Queueing
from voicebot.sessions.queue_records import SIGNED_OUT
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.ready_times import NoteTimes
from voicebot.sessions.records import Journal
from voicebot.sessions.ringing import CallBack
from voicebot.storage.queue_records import PLACES_KEPT_S, SqlQueueRecords
from voicebot.telephony._api import Dialer
from voicebot.types import Json
from voicebot.web.api.queues import QueueDesk

_GONE: Final = {SIGNED_OUT, Presence.LEAVING.value}

log = structlog.get_logger(__name__)


class HumanQueues:
    """The queues of a server, the agents who serve them, and what is known of both."""

    def __init__(
        self,
        settings: Settings,
        file: QueueFile,
        dialer: Dialer | None,
        call_back: CallBack | None,
        records: SqlQueueRecords,
        journal: Journal,
        note_times: NoteTimes,
        publish: Callable[[LiveEvent], None],
        desks: Desks,
    ) -> None:
        """``journal`` takes what became of calls in the queues, ``note_times`` when agents were
        ready and busy, ``publish`` what happens, ``desks`` are those of the agents. Raises
        ConfigError for an agent of a queue that is not there."""
        self._settings = settings
        self._records = records
        self._note_times = note_times
        self._writing: list[asyncio.Task[None]] = []
        self.moves: Moves | None = None
        """Who takes places over to text; set once that is there, before the first call."""
        self._forget: Callable[[], None] = lambda: None
        self._addresses = {AgentId(name): each.address for name, each in settings.agents.items()}
        self._profiles = _profiles(settings, file)
        telephones = TelephoneLines(dialer, lambda agent: self._addresses.get(agent, ""))
        self.lines = DeskLines(desks, telephones, lambda agent: bool(self._addresses.get(agent)))
        self.service = QueueService(
            file.queues,
            self.lines,
            call_back=call_back,
            records=records,
            note=journal.append,
            publish=publish,
            unreachable_s=settings.queues.unreachable_s,
            for_text=self.lines.ring_for_text,
        )
        self._desks = desks
        desks.serve(self.service, self._profiles, self._addresses, self._hire)
        desks.change(file)

    @property
    def profiles(self) -> Mapping[AgentId, AgentProfile]:
        """The agents of the settings; where those name none, whoever has opened a desk."""
        return self._profiles

    def _hire(self, name: AgentId) -> AgentProfile | None:
        """The agent that a user is whom the settings do not name: of all queues, where they name
        nobody."""
        if self._settings.agents or not self.service.queues():
            return None
        profile = AgentProfile(name, tuple(self.service.queues()))
        self._profiles[name] = profile
        return profile

    async def start(self) -> None:
        """Give callbacks that are owed their places, and callers who waited and call again; sign in
        the agents with telephones, but those who had signed out; the others come to their desks.
        Raises StorageError."""
        for booking in await self._records.bookings():
            try:
                self.service.restore(booking)
            except RoutingError as error:
                log.warning("callback_not_restored", problem=str(error))
        before = await self._records.last_changes()
        for name, profile in self.profiles.items():
            last = before.get(name)
            if not self._addresses[name] or (last is not None and last.state in _GONE):
                continue
            present = self._desks.present(profile)
            if not present.voice and not present.text:
                continue  # writes only, and has no page open yet
            self.service.receive(ev.SignIn(present))
            if last is not None and last.state == Presence.PAUSED:
                self.service.receive(ev.Pause(name, last.reason))
        self.service.keep_places(await self._records.left_waiting(time.time()))
        forgetting = asyncio.get_running_loop().call_later(
            PLACES_KEPT_S, self.service.keep_places, {}
        )
        self._forget = forgetting.cancel
        times = self.service.ready_times.keep_written(self._note_times, time.time)
        self._writing = [
            asyncio.create_task(self._records.run(), name="queue records"),
            asyncio.create_task(times, name="agents' time"),
        ]

    def change(self, file: QueueFile) -> None:
        """The application has been saved anew. Never raises: the file was checked."""
        try:
            self.service.change(file.queues)
        except RoutingError as error:
            log.warning("queues_not_changed", problem=str(error))
            return
        self._desks.change(file)

    def for_calls(self, file: QueueFile) -> Queueing:
        """The queues as calls of one version of the application see them."""
        return Queueing(self.service, file, self._settings.queues.screen_url, self.moves)

    def facts(self, channel: Channel = Channel.VOICE) -> Mapping[str, Json]:
        """What flows are told of the queues; nothing where there are none."""
        facts = self.service.facts(channel)
        return {"queues": facts} if facts else {}

    def desk(self) -> QueueDesk:
        """What ``/api/queues`` and ``/api/agents`` need."""
        return QueueDesk(
            service=self.service,
            profiles=self.profiles,
            present=self._desks.present,
        )

    async def stop(self) -> None:
        self._forget()
        await self.service.stop()
        if not self._writing:
            return
        await self._records.written()
        for task in self._writing:
            task.cancel()
        await asyncio.gather(*self._writing, return_exceptions=True)
        await self.service.ready_times.write(self._note_times, time.time())


def _profiles(settings: Settings, file: QueueFile) -> dict[AgentId, AgentProfile]:
    found: dict[AgentId, AgentProfile] = {}
    for name, agent in settings.agents.items():
        for queue in agent.queues:
            if queue not in file.names:
                raise ConfigError(
                    f"agents.{name}.queues",
                    f"there is no queue '{queue}'",
                    "Name queues of the application's queues.yaml.",
                )
        found[AgentId(name)] = AgentProfile(
            AgentId(name), agent.queues, agent.skills, agent.voice, agent.text
        )
    return found
