"""The actions of an application, ready to run.

A run checks the arguments, asks the breaker, keeps the time and translates whatever goes wrong into
one ActionError, which the flow handles as a path. No error text and no log line holds what a caller
said.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog

from voicebot.actions.arguments import Scalar, bind
from voicebot.actions.breaker import Breaker
from voicebot.actions.definition import ActionDefinition, SqlWork, Worker
from voicebot.actions.http import HttpWorker, new_client
from voicebot.actions.reader import read_actions
from voicebot.actions.refused import Refused
from voicebot.actions.sql import Databases, SqlWorker
from voicebot.errors import ActionError
from voicebot.types import Json

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Entry:
    definition: ActionDefinition
    worker: Worker
    breaker: Breaker


class ActionRegistry:
    """Runs actions by name. Made by `load_actions`; to be closed with `aclose`."""

    def __init__(
        self,
        definitions: Mapping[str, ActionDefinition],
        databases: Mapping[str, str],
        *,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._environment = os.environ if environment is None else environment
        self._databases = Databases(databases)
        self._client: httpx.AsyncClient | None = None
        self._entries = {
            name: _Entry(definition, self._worker(definition), Breaker())
            for name, definition in definitions.items()
        }

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._entries)

    @property
    def definitions(self) -> Mapping[str, ActionDefinition]:
        return {name: entry.definition for name, entry in self._entries.items()}

    async def run(self, name: str, arguments: Mapping[str, Json]) -> Json:
        """Run action ``name`` and give its result, within its ``timeout_ms``.

        Raises ActionError for anything that keeps it from a result.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise ActionError(name, "there is no such action")
        bound = bind(name, entry.definition.arguments, arguments)
        began = self._clock()
        if not entry.breaker.admit(began):
            raise ActionError(name, "is not tried, as it failed too often just now")
        try:
            answer = await self._within_its_time(entry, bound)
        except ActionError as error:
            if isinstance(error, Refused):
                entry.breaker.succeeded()
            else:
                entry.breaker.failed(self._clock())
            log.warning("action_failed", action=name, problem=error.problem, ms=self._ms(began))
            raise
        except BaseException:
            entry.breaker.abandoned()
            raise
        entry.breaker.succeeded()
        log.debug("action_done", action=name, ms=self._ms(began))
        return answer

    async def aclose(self) -> None:
        """Close every connection. A run under way fails."""
        await self._databases.aclose()
        if self._client is not None:
            await self._client.aclose()

    async def _within_its_time(self, entry: _Entry, bound: Mapping[str, Scalar]) -> Json:
        timeout_ms = entry.definition.timeout_ms
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                return await entry.worker.run(bound, timeout_ms / 1000)
        except TimeoutError:
            problem = f"took longer than {timeout_ms} ms"
            raise ActionError(entry.definition.name, problem) from None

    def _worker(self, definition: ActionDefinition) -> Worker:
        work = definition.work
        if isinstance(work, SqlWork):
            engine = self._databases.engine(work.database)
            return SqlWorker(definition.name, work, definition.arguments, engine)
        if self._client is None:
            self._client = new_client()
        return HttpWorker(definition.name, work, self._client, self._environment)

    def _ms(self, began: float) -> int:
        return round((self._clock() - began) * 1000)


def load_actions(
    file: Path,
    databases: Mapping[str, str],
    *,
    environment: Mapping[str, str] | None = None,
) -> ActionRegistry:
    """Read ``flows/actions.yaml``; without the file there are no actions.

    ``databases`` are names and SQLAlchemy URLs; ``environment`` (default: the process's) fills in
    ``${env:NAME}`` when an action runs. Raises FlowError for the first problem in the file,
    ConfigError for an unusable database URL.
    """
    actions = read_actions(file, frozenset(databases))
    if actions.problems:
        raise actions.problems[0]
    for name in sorted(actions.variables - set(os.environ if environment is None else environment)):
        log.warning("action_variable_not_set", variable=name)
    return ActionRegistry(actions.definitions, databases, environment=environment)
