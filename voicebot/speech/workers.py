"""A pool of speech worker processes with a bounded queue that is fair between calls.

Nothing here blocks the event loop: jobs go out and answers come in over asyncio pipes. A worker
that dies (or is killed for taking too long) costs the one job it was at; it is replaced at once,
and later with growing pauses if it keeps dying. Waiting jobs are taken from the calls in turn
(`fair_queue`). Jobs are not batched: `docs/decisions/0012-fair-queue.md` has the measurement.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import structlog

from voicebot.errors import VoicebotError, WorkerLost, WorkersBusy
from voicebot.speech.fair_queue import FairQueue, Taken
from voicebot.speech.wire import EngineSpec
from voicebot.speech.worker import Worker, spawn_whole

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
_USUAL_SHARE = 0.1
"""How much the latest job moves the running mean of job times."""


@dataclass(frozen=True, slots=True)
class PoolCounters:
    """A snapshot for ``/metrics``. ``wait_s`` is how long the jobs that wait now will take to be
    begun, by the time that jobs took lately."""

    workers_ready: int
    jobs_waiting: int
    jobs_running: int
    jobs_done: int
    jobs_refused: int
    restarts: int
    jobs_replaced: int = 0
    wait_s: float = 0.0


@dataclass(slots=True, eq=False)
class _Ticket:
    key: Hashable
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
    replaced: int = 0
    job_s: float = 0.0


@dataclass(slots=True)
class WorkerPool:
    """``size`` processes that each hold the engine of ``spec``.

    ``queue`` bounds the jobs that wait, ``job_timeout_s`` one job's time at a worker. ``at_first``
    workers (all, if left out) begin with `start`, the others with `grow`.
    """

    spec: EngineSpec
    size: int
    queue: int = 16
    job_timeout_s: float = 15.0
    at_first: int | None = None
    _waiting: FairQueue[_Ticket] = field(init=False)
    _wake: asyncio.Condition = field(default_factory=asyncio.Condition, init=False)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list, init=False)
    _counts: _Counts = field(default_factory=_Counts, init=False)
    _pids: set[int] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._waiting = FairQueue(self.queue)

    async def start(self) -> None:
        """Start the first workers and wait until each holds its engine.

        Raises ModelError (or another VoicebotError) when an engine cannot be loaded.
        """
        loop = asyncio.get_running_loop()
        first: list[asyncio.Future[None]] = [
            loop.create_future() for _ in range(min(self.at_first or self.size, self.size))
        ]
        self._tasks = [self._new_worker(loaded) for loaded in first]
        try:
            await asyncio.gather(*first)
        except BaseException:
            await self.stop()
            raise

    def grow(self) -> None:
        """Begin to start the workers that `start` left out, where it has begun and they have not.

        One that cannot load its engine is tried again and again, as one that died.
        """
        known = asyncio.get_running_loop().create_future()
        known.set_result(None)
        while 0 < len(self._tasks) < self.size:
            self._tasks.append(self._new_worker(known))

    async def stop(self) -> None:
        """End the workers; waiting jobs are cancelled."""
        for ticket in self._waiting.clear():
            ticket.future.cancel()
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
            jobs_replaced=self._counts.replaced,
            wait_s=self._wait_s(),
        )

    def has_room(self, longest_wait_s: float) -> bool:
        """Whether another call's jobs would be begun in time: a worker is there, the queue has
        room, and what waits now will be begun within ``longest_wait_s``."""
        if not self._counts.ready or len(self._waiting) >= self.queue:
            return False
        return self._wait_s() <= longest_wait_s

    def _wait_s(self) -> float:
        return len(self._waiting) * self._counts.job_s / max(1, self._counts.ready)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run now."""
        return tuple(sorted(self._pids))

    async def submit(
        self, method: str, *args: Any, key: Hashable | None = None, replace: bool = False
    ) -> Any:
        """Call ``engine.method(*args)`` in a free worker and give its result.

        Jobs of one ``key`` (a call) wait behind each other and take turns with other keys'; None is
        a key of its own. With ``replace`` the job takes the place of the key's last waiting one,
        which fails with WorkersBusy. Also raises WorkersBusy when the queue is full, WorkerLost
        when the worker died at it, and whatever the engine raised. Cancelling the call takes a
        waiting job out of the queue; one at a worker is finished there and its result dropped.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        ticket = _Ticket(object() if key is None else key, method, args, future)
        older = self._waiting.put(ticket.key, ticket, replace=replace)
        if older is None:
            self._counts.refused += 1
            raise WorkersBusy(f"{len(self._waiting)} {self.spec.name} jobs are waiting already")
        if isinstance(older, _Ticket):
            self._counts.replaced += 1
            if not older.future.done():
                older.future.set_exception(WorkersBusy("a newer job took the place of this one"))
        else:
            assert older is Taken.IN
        try:
            async with self._wake:
                self._wake.notify()
            return await future
        finally:
            self._waiting.remove(ticket.key, ticket)

    async def _next_ticket(self) -> _Ticket:
        async with self._wake:
            while True:
                while (taken := self._waiting.take()) is not None:
                    if not taken[1].future.done():
                        return taken[1]
                await self._wake.wait()

    def _new_worker(self, loaded: asyncio.Future[None]) -> asyncio.Task[None]:
        return asyncio.create_task(self._keep_worker(loaded), name=f"{self.spec.name} worker")

    async def _keep_worker(self, loaded: asyncio.Future[None]) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            worker = await spawn_whole(self.spec.name)
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

    async def _serve(self, worker: Worker) -> None:
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
            ticket = await waiting
            self._waiting.give_back(ticket.key, ticket)
        raise EOFError(f"exit status {gone.result()}")

    async def _work(self, worker: Worker, ticket: _Ticket) -> None:
        self._counts.running += 1
        begun = asyncio.get_running_loop().time()
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
        self._job_took(asyncio.get_running_loop().time() - begun)
        if ticket.future.done():
            return
        if answer.error is not None:
            ticket.future.set_exception(answer.error)
        else:
            ticket.future.set_result(answer.value)

    def _job_took(self, seconds: float) -> None:
        usual = self._counts.job_s if self._counts.done else seconds
        self._counts.job_s = usual + _USUAL_SHARE * (seconds - usual)
        self._counts.done += 1
