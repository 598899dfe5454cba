"""Queues and agents, built from the settings and the application."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile
from voicebot.config import Settings
from voicebot.errors import ConfigError, RoutingError
from voicebot.queues.reader import QueueFile
from voicebot.sessions.agent_lines import TelephoneLines
from voicebot.sessions.queue_handoff import Queueing
from voicebot.sessions.queueing import CallBack, QueueService
from voicebot.telephony._api import Dialer
from voicebot.types import Json
from voicebot.web.api.queues import QueueDesk

log = structlog.get_logger(__name__)


class HumanQueues:
    """The queues of a server, the agents who serve them, and what is known of both."""

    def __init__(
        self,
        settings: Settings,
        file: QueueFile,
        dialer: Dialer | None,
        call_back: CallBack | None,
    ) -> None:
        """Raises ConfigError for an agent of a queue that is not there."""
        self._settings = settings
        self._addresses = {AgentId(name): each.address for name, each in settings.agents.items()}
        self.profiles = _profiles(settings, file)
        self.service = QueueService(
            file.queues,
            TelephoneLines(dialer, lambda agent: self._addresses.get(agent, "")),
            call_back=call_back,
        )

    def start(self) -> None:
        """Sign in the agents of the settings: who has a telephone is there."""
        for profile in self.profiles.values():
            self.service.receive(ev.SignIn(profile))

    def change(self, file: QueueFile) -> None:
        """The application has been saved anew. Never raises: the file was checked."""
        try:
            self.service.change(file.queues)
        except RoutingError as error:
            log.warning("queues_not_changed", problem=str(error))

    def for_calls(self, file: QueueFile) -> Queueing:
        """The queues as calls of one version of the application see them."""
        return Queueing(self.service, file, self._settings.queues.screen_url)

    def facts(self) -> Mapping[str, Json]:
        """What flows are told of the queues; nothing where there are none."""
        facts = self.service.facts()
        return {"queues": facts} if facts else {}

    def desk(self) -> QueueDesk:
        """What ``/api/queues`` and ``/api/agents`` need."""
        return QueueDesk(
            token=self._settings.queues.token.get_secret_value(),
            service=self.service,
            profiles=self.profiles,
        )

    async def stop(self) -> None:
        await self.service.stop()


def _profiles(settings: Settings, file: QueueFile) -> Mapping[AgentId, AgentProfile]:
    found = {}
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
