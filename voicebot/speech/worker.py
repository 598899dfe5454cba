"""One speech worker process as the server sees it: started, asked one job at a time, closed.

The other end is `worker_process`. Not safe for several tasks at once: the pool gives each worker to
one task.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import sys
from typing import Any

import structlog

from voicebot.speech.wire import HEADER, Answer, EngineSpec, GrammarRef, Job, KnownGrammars, pack

log = structlog.get_logger(__name__)

LOAD_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 2.0


class Worker:
    """One process and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._out = process.stdin
        self._in = process.stdout
        self._sent: KnownGrammars[bool] = KnownGrammars()

    @classmethod
    async def spawn(cls, name: str) -> Worker:
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
        """Have the process load its engine; raises what loading raised, or TimeoutError."""
        async with asyncio.timeout(LOAD_TIMEOUT_S):
            await self._send(spec)
            answer = await self._receive()
        if answer.error is not None:
            raise answer.error

    async def ask(self, method: str, args: tuple[Any, ...]) -> Answer:
        """Have one job done. Raises EOFError or OSError when the process dies at it."""
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
        """End the process, kindly at first."""
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


async def spawn_whole(name: str) -> Worker:
    """Spawn a worker; when cancelled half-way, end the process that has begun."""
    spawning = asyncio.create_task(Worker.spawn(name))
    try:
        return await asyncio.shield(spawning)
    except asyncio.CancelledError:
        await (await spawning).close()
        raise
