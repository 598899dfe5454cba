"""Builds what tells other programs of events: a teller for the journal, deliveries for hooks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping

from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.actions.http import new_client
from voicebot.config import Settings
from voicebot.errors import ConfigError
from voicebot.figures.event_hooks import event_hook_figures
from voicebot.notices.delivery import Delivery
from voicebot.notices.model import Hook, Kind
from voicebot.notices.orphans import Orphans
from voicebot.notices.payload import Teller
from voicebot.storage.notices import SqlNotices
from voicebot.web.metrics import Figure

SHORTEST_SECRET = 32
LONGEST_NAME = 64
"""As long as the database has room for."""


class EventHooks:
    """All webhooks of one server. Raises ConfigError for a secret that is missing or short."""

    def __init__(
        self, settings: Settings, engine: AsyncEngine, environment: Mapping[str, str] = os.environ
    ) -> None:
        hooks = [_hook(name, settings, environment) for name in settings.event_hooks]
        self._client = new_client() if hooks else None
        store = SqlNotices(engine)
        self._deliveries = [
            Delivery(hook, store, self._client) for hook in hooks if self._client is not None
        ]
        self._orphans = Orphans([hook.name for hook in hooks], store)
        self.teller = Teller(hooks, self._stir) if hooks else None
        """For the journal; None where nobody wants to know."""
        self._running: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin with what an earlier process left."""
        self._running = [
            asyncio.create_task(each.run(), name=f"webhook {each.hook.name}")
            for each in self._deliveries
        ]
        orphans = self._orphans.run()
        self._running.append(asyncio.create_task(orphans, name="notices without a receiver"))

    async def stop(self) -> None:
        """End; what waits is sent after the next start."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def figures(self) -> Iterator[Figure]:
        """What became of notices (`MetricSource`)."""
        return event_hook_figures({each.hook.name: each.counters for each in self._deliveries})

    def _stir(self) -> None:
        for each in self._deliveries:
            each.stir()


def _hook(name: str, settings: Settings, environment: Mapping[str, str]) -> Hook:
    if len(name) > LONGEST_NAME:
        raise ConfigError(
            f"event_hooks.{name}", f"its name has more than {LONGEST_NAME} characters"
        )
    wanted = settings.event_hooks[name]
    secret = environment.get(wanted.secret_env, "")
    if len(secret) < SHORTEST_SECRET:
        raise ConfigError(
            wanted.secret_env,
            f"needs {SHORTEST_SECRET} characters or more: it signs what [event_hooks.{name}] sends",
            "Put a secret into the environment, such as `openssl rand -hex 32` makes.",
        )
    return Hook(
        name,
        wanted.url,
        secret,
        frozenset(map(Kind, wanted.kinds)) or frozenset(Kind),
        wanted.personal,
        wanted.give_up_h * 3600,
        wanted.timeout_s,
    )
