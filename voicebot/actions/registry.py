"""The actions of an application, ready to run.

A run checks the arguments, asks the breaker, keeps the time, counts, and translates whatever goes
wrong into one ActionError, which the flow handles as a path. No error text and no log line holds
what a caller said.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog

from voicebot.action_result import ActionResult
from voicebot.actions.arguments import bind
from voicebot.actions.breaker import Breaker
from voicebot.actions.definition import ActionDefinition, PythonWork, SqlWork, Worker
from voicebot.actions.functions.pool import FunctionPool, FunctionWorker
from voicebot.actions.functions.source import Sources
from voicebot.actions.http import HttpWorker, new_client
from voicebot.actions.reader import once_of, read_actions
from voicebot.actions.refused import Refused
from voicebot.actions.sql import Databases, SqlWorker
from voicebot.actions.tally import ActionTally
from voicebot.actions.tries import Tries
from voicebot.errors import ActionError
from voicebot.flows.once import KEY_ARGUMENT
from voicebot.types import Json

log = structlog.get_logger(__name__)

MAX_KEY = 100
"""Characters of an idempotency key."""


@dataclass(frozen=True, slots=True)
class _Entry:
    definition: ActionDefinition
    worker: Worker
    breaker: Breaker


class ActionRegistry:
    """Runs actions by name. Made by `load_actions`; to be closed with `aclose`.

    ``tally`` counts the runs; the versions of an application share it.
    """

    def __init__(
        self,
        definitions: Mapping[str, ActionDefinition],
        databases: Mapping[str, str],
        *,
        sources: Sources | None = None,
        environment: Mapping[str, str] | None = None,
        tally: ActionTally | None = None,
        tries: Tries | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tally = ActionTally() if tally is None else tally
        self._clock = clock
        self._environment = os.environ if environment is None else environment
        self._databases = Databases(databases)
        self._client: httpx.AsyncClient | None = None
        self._tries = Tries() if tries is None else tries
        works = [each.work for each in definitions.values() if isinstance(each.work, PythonWork)]
        self.functions = FunctionPool(sources or Sources(), works, self.tally) if works else None
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

    @property
    def once(self) -> frozenset[str]:
        """The actions that one contact does not do twice."""
        return once_of(self.definitions)

    async def start(self) -> None:
        """Have the application's Python functions ready.

        Raises FlowError, at its place in a Python file, where one cannot be imported.
        """
        if self.functions is not None:
            await self.functions.start()

    async def run(self, name: str, arguments: Mapping[str, Json]) -> Json:
        """Run action ``name`` and give its result, within its ``timeout_ms``.

        An action that changes data takes its key among the arguments; without one it is made for
        this run. Raises ActionError for anything that keeps it from a result.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise ActionError(name, "there is no such action")
        bound = _bound(entry.definition, arguments)
        began = self._clock()
        if not entry.breaker.admit(began):
            self.tally.ended(name, ActionResult.NOT_TRIED, 0.0)
            problem = "is not tried, as it failed too often just now"
            raise ActionError(name, problem, ActionResult.NOT_TRIED)
        try:
            answer = await self._tries.run(entry.worker, entry.definition, bound)
        except ActionError as error:
            if isinstance(error, Refused):
                entry.breaker.succeeded()
            else:
                entry.breaker.failed(self._clock())
            ms = self._ended(name, error.result, began)
            log.warning("action_failed", action=name, problem=error.problem, ms=ms)
            raise
        except BaseException:
            entry.breaker.abandoned()
            self._ended(name, ActionResult.GIVEN_UP, began)
            raise
        entry.breaker.succeeded()
        log.debug("action_done", action=name, ms=self._ended(name, ActionResult.DONE, began))
        return answer

    async def aclose(self) -> None:
        """Close every connection and end the process of the functions. A run under way fails."""
        if self.functions is not None:
            await self.functions.aclose()
        await self._databases.aclose()
        if self._client is not None:
            await self._client.aclose()

    def _worker(self, definition: ActionDefinition) -> Worker:
        work = definition.work
        if isinstance(work, SqlWork):
            engine = self._databases.engine(work.database)
            return SqlWorker(definition.name, work, definition.arguments, engine)
        if isinstance(work, PythonWork):
            assert self.functions is not None
            return FunctionWorker(definition.name, work, self.functions)
        if self._client is None:
            self._client = new_client()
        return HttpWorker(definition.name, work, self._client, self._environment)

    def _ended(self, name: str, result: ActionResult, began: float) -> int:
        """Count a run; gives its milliseconds."""
        seconds = self._clock() - began
        self.tally.ended(name, result, seconds)
        return round(seconds * 1000)


def _bound(definition: ActionDefinition, given: Mapping[str, Json]) -> dict[str, Json]:
    """The checked arguments; with its key, where the action changes data."""
    if not definition.work.changes:
        return bind(definition.name, definition.arguments, given)
    passed = dict(given)
    key = passed.pop(KEY_ARGUMENT, None) or str(uuid.uuid4())
    if not isinstance(key, str) or len(key) > MAX_KEY or not key.isprintable():
        raise ActionError(definition.name, f"'{KEY_ARGUMENT}' is no key")
    return bind(definition.name, definition.arguments, passed) | {KEY_ARGUMENT: key}


def load_actions(
    file: Path,
    databases: Mapping[str, str],
    functions: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    tally: ActionTally | None = None,
) -> ActionRegistry:
    """Read ``flows/actions.yaml``; without the file there are no actions.

    ``databases`` are names and SQLAlchemy URLs; ``functions`` is the folder of Python files;
    ``environment`` (default: the process's) fills in ``${env:NAME}`` when an action runs. Raises
    FlowError for the first problem in the files, ConfigError for an unusable database URL.
    """
    actions = read_actions(file, frozenset(databases), functions)
    if actions.problems:
        raise actions.problems[0]
    for name in sorted(actions.variables - set(os.environ if environment is None else environment)):
        log.warning("action_variable_not_set", variable=name)
    return ActionRegistry(
        actions.definitions,
        databases,
        sources=actions.sources,
        environment=environment,
        tally=tally,
    )
