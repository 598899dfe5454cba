"""A pool of speech worker processes with a bounded queue.

Nothing here blocks the event loop: jobs go out and answers come in over asyncio pipes. A worker
that dies (or is killed for taking too long) costs the one job it was at; it is replaced at once,
and later with growing pauses if it keeps dying. Jobs are taken in the order in which they came.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import sys
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import structlog

from voicebot.errors import VoicebotError, WorkerLost, WorkersBusy
from voicebot.speech.wire import (
    HEADER,
    Answer,
    EngineSpec,
    GrammarRef,
    Job,
    KnownGrammars,
    pack,
)

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
LOAD_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class PoolCounters:
    """A snapshot for ``/metrics``."""

    workers_ready: int
    jobs_waiting: int
    jobs_running: int
    jobs_done: int
    jobs_refused: int
    restarts: int


@dataclass(slots=True)
class _Ticket:
    method: str
    args: tuple[Any, ...]
    future: asyncio.Future[Any]


@dataclass(slots=True)
class _Counts:
    ready: int = 0
    running: int = 0
    done: int = 0
    refused: int = 0
    restarts: int = 0


@dataclass(slots=True)
class WorkerPool:
    """``size`` processes that each hold the engine of ``spec``.

    ``queue`` bounds the jobs that wait, ``job_timeout_s`` one job's time at a worker.
    """

    spec: EngineSpec
    size: int
    queue: int = 16
    job_timeout_s: float = 15.0
    _waiting: deque[_Ticket] = field(default_factory=deque, init=False)
    _wake: asyncio.Condition = field(default_factory=asyncio.Condition, init=False)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list, init=False)
    _counts: _Counts = field(default_factory=_Counts, init=False)
    _pids: set[int] = field(default_factory=set, init=False)

    async def start(self) -> None:
        """Start the workers and wait until each holds its engine.

        Raises ModelError (or another VoicebotError) when an engine cannot be loaded.
        """
        loop = asyncio.get_running_loop()
        first: list[asyncio.Future[None]] = [loop.create_future() for _ in range(self.size)]
        self._tasks = [
            asyncio.create_task(self._keep_worker(loaded), name=f"{self.spec.name} worker")
            for loaded in first
        ]
        try:
            await asyncio.gather(*first)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the workers; waiting jobs are cancelled."""
        for ticket in self._waiting:
            ticket.future.cancel()
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def counters(self) -> PoolCounters:
        return PoolCounters(
            workers_ready=self._counts.ready,
            jobs_waiting=len(self._waiting),
            jobs_running=self._counts.running,
            jobs_done=self._counts.done,
            jobs_refused=self._counts.refused,
            restarts=self._counts.restarts,
        )

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run now."""
        return tuple(sorted(self._pids))

    async def submit(self, method: str, *args: Any) -> Any:
        """Call ``engine.method(*args)`` in the next free worker and give its result.

        Raises WorkersBusy when the queue is full, WorkerLost when the worker died at it, and
        whatever the engine raised. Cancelling the call takes a waiting job out of the queue.
        """
        if len(self._waiting) >= self.queue:
            self._counts.refused += 1
            raise WorkersBusy(f"{len(self._waiting)} {self.spec.name} jobs are waiting already")
        ticket = _Ticket(method, args, asyncio.get_running_loop().create_future())
        self._waiting.append(ticket)
        async with self._wake:
            self._wake.notify()
        try:
            return await ticket.future
        finally:
            with contextlib.suppress(ValueError):
                self._waiting.remove(ticket)

    async def _next_ticket(self) -> _Ticket:
        async with self._wake:
            while True:
                while self._waiting:
                    ticket = self._waiting.popleft()
                    if not ticket.future.done():
                        return ticket
                await self._wake.wait()

    async def _keep_worker(self, loaded: asyncio.Future[None]) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            worker = await _spawn_whole(self.spec.name)
            self._pids.add(worker.pid)
            done_before = self._counts.done
            try:
                await worker.load(self.spec)
                if not loaded.done():
                    loaded.set_result(None)
                await self._serve(worker)
            except (VoicebotError, TimeoutError, OSError, EOFError) as error:
                if not loaded.done():
                    loaded.set_exception(error)
                    return
                log.warning("worker_lost", engine=self.spec.name, error=str(error))
            finally:
                self._pids.discard(worker.pid)
                await worker.close()
            self._counts.restarts += 1
            if self._counts.done > done_before:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _serve(self, worker: _Worker) -> None:
        """Give jobs to ``worker`` until it dies; that ends in an exception."""
        self._counts.ready += 1
        gone = asyncio.create_task(worker.wait())
        try:
            while True:
                ticket = await self._ticket_or_death(gone)
                await self._work(worker, ticket)
        finally:
            self._counts.ready -= 1
            gone.cancel()

    async def _ticket_or_death(self, gone: asyncio.Task[int]) -> _Ticket:
        # An idle worker's death is noticed at once, so that the next caller does not pay for it.
        waiting = asyncio.create_task(self._next_ticket())
        try:
            await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            waiting.cancel()
            raise
        if waiting.done():
            return waiting.result()
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            self._waiting.appendleft(await waiting)
        raise EOFError(f"exit status {gone.result()}")

    async def _work(self, worker: _Worker, ticket: _Ticket) -> None:
        self._counts.running += 1
        try:
            async with asyncio.timeout(self.job_timeout_s):
                answer = await worker.ask(ticket.method, ticket.args)
        except (TimeoutError, OSError, EOFError) as error:
            if not ticket.future.done():
                ticket.future.set_exception(WorkerLost(f"the {self.spec.name} worker was lost"))
            raise EOFError(str(error) or "it took too long") from None
        except asyncio.CancelledError:
            ticket.future.cancel()
            raise
        finally:
            self._counts.running -= 1
        self._counts.done += 1
        if ticket.future.done():
            return
        if answer.error is not None:
            ticket.future.set_exception(answer.error)
        else:
            ticket.future.set_result(answer.value)


class _Worker:
    """One process and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._out = process.stdin
        self._in = process.stdout
        self._sent: KnownGrammars[bool] = KnownGrammars()

    @classmethod
    async def spawn(cls, name: str) -> _Worker:
        """Start a process; ``name`` is only for those who look at the list of processes."""
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "voicebot.speech.worker_process",
                name,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=environment,
            )
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        return await self._process.wait()

    async def load(self, spec: EngineSpec) -> None:
        async with asyncio.timeout(LOAD_TIMEOUT_S):
            await self._send(spec)
            answer = await self._receive()
        if answer.error is not None:
            raise answer.error

    async def ask(self, method: str, args: tuple[Any, ...]) -> Answer:
        await self._send(Job(method, tuple(self._reference(arg) for arg in args)))
        return await self._receive()

    def _reference(self, arg: Any) -> Any:
        key = getattr(arg, "key", None)
        if not isinstance(key, str):
            return arg
        if self._sent.get(key):
            return GrammarRef(key, None)
        self._sent.add(key, True)
        return GrammarRef(key, arg)

    async def _send(self, message: object) -> None:
        self._out.write(pack(message))
        await self._out.drain()

    async def _receive(self) -> Answer:
        header = await self._in.readexactly(HEADER.size)
        body = await self._in.readexactly(HEADER.unpack(header)[0])
        answer = pickle.loads(body)
        assert isinstance(answer, Answer)
        return answer

    async def close(self) -> None:
        self._out.close()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            log.warning("worker_killed", reason="it did not end by itself")
        finally:
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()


async def _spawn_whole(name: str) -> _Worker:
    """Spawn a worker; when cancelled half-way, end the process that has begun."""
    spawning = asyncio.create_task(_Worker.spawn(name))
    try:
        return await asyncio.shield(spawning)
    except asyncio.CancelledError:
        await (await spawning).close()
        raise
