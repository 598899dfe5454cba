"""What the health check of a server says of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.doors import Doors
from voicebot.engines import SpeechEngines
from voicebot.live.edition import Editions
from voicebot.live.reload import Reloader
from voicebot.sessions.registry import CallRegistry
from voicebot.storage.journal import SqlJournal
from voicebot.web.api.health import Check


@dataclass(frozen=True, slots=True)
class Readiness:
    """Asks the parts of a server whether calls can be served."""

    engines: SpeechEngines
    doors: Doors
    editions: Editions
    reloader: Reloader
    journal: SqlJournal
    registry: CallRegistry

    def checks(self) -> Mapping[str, Check]:
        """By the names that the health check shows."""
        problem = self.journal.stats.problem
        draining = self.registry.draining
        return {
            **{name: Check(*told) for name, told in self.engines.condition().items()},
            **self.doors.readiness(),
            "application": self._application(),
            "records": Check(not problem, problem or "written as they come"),
            "calls": Check(
                not draining,
                "shutting down"
                if draining
                else f"{self.registry.active} of {self.registry.max_calls} lines in use",
            ),
        }

    def _application(self) -> Check:
        """Calls are served either way; what was saved since is told where it cannot be used."""
        version, problem = self.editions.current.application.version, self.reloader.problem
        detail = f"version {version}"
        return Check(True, f"{detail}; not the files as they are: {problem}" if problem else detail)
