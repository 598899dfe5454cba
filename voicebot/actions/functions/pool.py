"""The functions of one version of an application: its process, and how much may be asked of it.

A thread cannot be killed, a process can: a function that does not come back costs the process it
runs in. New runs get a fresh one at once, those beside it finish in the old one, and then that is
ended. So no function can keep another from running, and none goes on for ever. Bounded are the runs
at once (of each action, and in all), those that wait, and the processes that wait for their end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from voicebot.actions.definition import PythonWork
from voicebot.actions.functions.process import FunctionProcess, ProcessLost
from voicebot.actions.functions.source import Sources
from voicebot.actions.refused import Refused, Transient
from voicebot.actions.tally import ActionTally
from voicebot.errors import ActionError, FlowError
from voicebot.flows.once import KEY_ARGUMENT
from voicebot.types import Json

log = structlog.get_logger(__name__)

RUNS_OF_ONE: Final = 8
"""Runs of one action at once: one that is slow leaves room to the others."""

RUNS_IN_ALL: Final = 32
MAX_WAITING: Final = 200
MAX_RETIRED: Final = 2
"""Processes given up that may finish their other runs; of more, the oldest is ended at once."""

GRACE_S: Final = 0.5
"""How long a run that was cancelled may take to come back."""

LINES: Final = 100
LINES_EVERY_S: Final = 10.0
"""Printed lines that go to the log in this time; the rest is counted."""


class FunctionPool:
    """``works`` are the functions that may be run; ``runs_of_one`` is open to tests."""

    def __init__(
        self,
        sources: Sources,
        works: Iterable[PythonWork],
        tally: ActionTally,
        *,
        runs_of_one: int = RUNS_OF_ONE,
    ) -> None:
        texts = {name: (each.path, each.text) for name, each in sources.modules.items()}
        modules = sorted({work.module for work in works})
        self._first = {"folder": sources.folder, "texts": texts, "modules": modules}
        self._tally = tally
        self._process: FunctionProcess | None = None
        self._retired: list[FunctionProcess] = []
        self._starting = asyncio.Lock()
        self._in_all = asyncio.Semaphore(RUNS_IN_ALL)
        self._of_one: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(runs_of_one)
        )
        self._waiting = 0
        self._lines = 0
        self._lines_since = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Have a process ready. Raises FlowError where the files cannot be imported."""
        await self._ready()

    async def aclose(self) -> None:
        """End every process; runs under way are lost."""
        processes = [*self._retired, *([self._process] if self._process else [])]
        self._process = None
        for process in processes:
            await process.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes that run now, those that are given up first."""
        processes = [*self._retired, *([self._process] if self._process else [])]
        return tuple(process.pid for process in processes)

    async def run(
        self, name: str, work: PythonWork, arguments: Mapping[str, Json], timeout_s: float
    ) -> Json:
        """Run the function of action ``name``. Raises ActionError; whoever calls keeps the time."""
        until = asyncio.get_running_loop().time() + timeout_s
        request = {
            "module": work.module,
            "function": work.function,
            "casts": dict(work.casts),
            "arguments": _passed(work, arguments),
        }
        async with self._turn(name):
            try:
                process = await self._ready()
            except FlowError as error:
                log.error("functions_not_imported", problem=str(error))
                raise ActionError(name, "its file cannot be imported") from None
            try:
                answer = await process.ask(request, until, GRACE_S)
            except ProcessLost:
                raise Transient(name, "the process that ran it ended") from None
        if "error" in answer:
            where = f" at {answer['where']}" if answer.get("where") else ""
            raise ActionError(name, f"the function failed: {answer['error']}{where}")
        value: Json = answer["value"]
        return value

    @asynccontextmanager
    async def _turn(self, name: str) -> AsyncIterator[None]:
        """Wait until there is room for a run of the action."""
        if self._waiting >= MAX_WAITING:
            raise Refused(name, f"{MAX_WAITING} runs of functions wait already")
        self._waiting += 1
        try:
            async with contextlib.AsyncExitStack() as turn:
                await turn.enter_async_context(self._of_one[name])
                await turn.enter_async_context(self._in_all)
                self._waiting -= 1
                try:
                    yield
                finally:
                    self._waiting += 1
        finally:
            self._waiting -= 1

    async def _ready(self) -> FunctionProcess:
        async with self._starting:
            if self._process is not None and self._process.alive:
                return self._process
            if self._process is not None:
                self._give_up(self._process)
            self._process = await FunctionProcess.start(self._first, self._printed, self._renew)
            return self._process

    def _renew(self) -> None:
        """Have another process ready before the next run wants one."""
        self._later(self._ready_again())

    async def _ready_again(self) -> None:
        with contextlib.suppress(FlowError):  # the next run tells
            await self._ready()

    def _give_up(self, process: FunctionProcess) -> None:
        """It was retired, or it died."""
        self._process = None
        self._tally.processes_replaced += 1
        log.warning("function_process_replaced", pid=process.pid)
        self._retired.append(process)
        for oldest in self._retired[:-MAX_RETIRED]:
            oldest.kill()
        self._later(self._bury(process))

    async def _bury(self, process: FunctionProcess) -> None:
        await process.gone()
        await process.close()
        self._retired.remove(process)

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _printed(self, line: str) -> None:
        """A line that a function printed. It may hold anything, so the field is a tagged one."""
        now = asyncio.get_running_loop().time()
        if now - self._lines_since >= LINES_EVERY_S:
            self._lines, self._lines_since = 0, now
        self._lines += 1
        if self._lines > LINES:
            self._tally.lines_dropped += 1
            return
        log.info("function_printed", text=line)


def _passed(work: PythonWork, arguments: Mapping[str, Json]) -> dict[str, Json]:
    """The arguments without those that stand at their defaults, and without a key unasked for."""
    return {
        name: value
        for name, value in arguments.items()
        if not (value is None and name in work.defaults)
        and (name != KEY_ARGUMENT or work.takes_key)
    }


async def import_problem(sources: Sources, works: Iterable[PythonWork]) -> FlowError | None:
    """What keeps the modules of ``works`` from being imported, if anything; they are run for it."""
    pool = FunctionPool(sources, works, ActionTally())
    try:
        await pool.start()
    except FlowError as error:
        return error
    finally:
        await pool.aclose()
    return None


class FunctionWorker:
    """Runs one action's function."""

    def __init__(self, name: str, work: PythonWork, pool: FunctionPool) -> None:
        self._name = name
        self._work = work
        self._pool = pool

    async def run(self, arguments: Mapping[str, Json], timeout_s: float) -> Json:
        """Raises ActionError; Transient where the process ended."""
        return await self._pool.run(self._name, self._work, arguments, timeout_s)
