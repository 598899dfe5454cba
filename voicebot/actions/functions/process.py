"""One process of functions as the server sees it: started, asked many things at once, ended.

The other end is `child`. Whatever it sends that is no answer ends it: it is the designer's code.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, Final

import structlog

from voicebot.actions.functions.wire import HEADER, MAX_ANSWER_BYTES, pack
from voicebot.errors import FlowError

log = structlog.get_logger(__name__)

START_S: Final = 15.0
"""How long importing the modules may take."""

MAX_PRINTED: Final = 500
"""Characters of a printed line that are kept."""

_MAX_FRAME = MAX_ANSWER_BYTES + HEADER.size


class ProcessLost(Exception):
    """The process ended, or was ended, while a function ran in it."""


class FunctionProcess:
    """``printed`` is told each line that functions print, ``retired`` when it takes no more runs
    because one did not come back."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        printed: Callable[[str], None],
        retired: Callable[[], None],
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._requests = process.stdin
        self._answers = process.stdout
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._live = 0
        self._retired = False
        self._tell_retired = retired
        self._tasks = [asyncio.create_task(_print(process.stderr, printed), name="printed")]

    @classmethod
    async def start(
        cls,
        first: dict[str, Any],
        printed: Callable[[str], None],
        retired: Callable[[], None],
    ) -> FunctionProcess:
        """Start one and have it import the modules that ``first`` names.

        Raises FlowError, at its place in a Python file, where that fails.
        """
        spawning = asyncio.create_task(_spawn())
        try:
            process = cls(await asyncio.shield(spawning), printed, retired)
        except asyncio.CancelledError:
            (await spawning).kill()
            raise
        try:
            await process._load(first)
        except BaseException:
            await process.close()
            raise
        return process

    async def _load(self, first: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(START_S):
                await self._send(first)
                problems = (await self._receive())["problems"]
        except TimeoutError:
            problem = f"importing the files takes longer than {START_S:g} s"
            raise FlowError(first["folder"], 0, 0, problem) from None
        except (OSError, EOFError, ValueError, LookupError, TypeError):
            problem = "importing the files ended the process"
            raise FlowError(first["folder"], 0, 0, problem) from None
        if problems:
            raise FlowError(
                problems[0]["file"] or first["folder"],
                problems[0]["line"],
                problems[0]["column"],
                f"cannot be imported: {problems[0]['problem']}",
            )
        self._tasks.append(asyncio.create_task(self._listen(), name="functions"))

    @property
    def alive(self) -> bool:
        """Whether it may be asked."""
        return not self._retired and self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, request: dict[str, Any], until: float, grace_s: float) -> dict[str, Any]:
        """Run a function and give its answer. Raises ProcessLost.

        Who cancels this has the run cancelled; when it has not come back ``grace_s`` after
        ``until`` (the loop's time), or after the cancelling where that is later, the whole process
        is given up: runs that are under way in it may finish, then it is ended.
        """
        loop = asyncio.get_running_loop()
        run = next(self._numbers)
        future: asyncio.Future[dict[str, Any]] = loop.create_future()
        self._waiting[run] = future
        self._live += 1
        try:
            await self._send({"run": run, **request})
            return await asyncio.shield(future)
        except OSError:
            raise ProcessLost from None
        except asyncio.CancelledError:
            with contextlib.suppress(OSError):
                self._requests.write(pack({"cancel": run}))
            future.add_done_callback(_forget)
            loop.call_at(max(until, loop.time()) + grace_s, self._check, run)
            raise
        finally:
            self._live -= 1
            if future.done():
                self._waiting.pop(run, None)
            self._end_if_unused()

    def kill(self) -> None:
        """End it now, with all that it has started; runs under way are lost."""
        self._retired = True
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def close(self) -> None:
        """End it now and wait until it is gone."""
        self.kill()
        await self._process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._lose()
        self._requests.close()

    async def gone(self) -> None:
        """Wait until it has ended, of itself or not."""
        await self._process.wait()

    def _check(self, run: int) -> None:
        future = self._waiting.get(run)
        if future is None or future.done() or not self.alive:
            return
        self._retired = True
        self._tell_retired()
        self._end_if_unused()

    def _end_if_unused(self) -> None:
        if self._retired and not self._live:
            self.kill()

    async def _listen(self) -> None:
        try:
            while True:
                answer = await self._receive()
                future = self._waiting.pop(answer["run"], None)
                if future is not None and not future.done():
                    future.set_result(answer)
        except (OSError, EOFError, ValueError, LookupError, TypeError):
            self.kill()
            self._lose()

    def _lose(self) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ProcessLost())
                future.add_done_callback(_forget)
        self._waiting.clear()

    async def _send(self, message: dict[str, Any]) -> None:
        self._requests.write(pack(message))
        await self._requests.drain()

    async def _receive(self) -> dict[str, Any]:
        size = HEADER.unpack(await self._answers.readexactly(HEADER.size))[0]
        if size > _MAX_FRAME:
            raise ValueError(size)
        message: dict[str, Any] = json.loads(await self._answers.readexactly(size))
        return message


async def _spawn() -> asyncio.subprocess.Process:
    # A session of its own: the operator's Ctrl-C is for the server, which ends it in good order.
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "voicebot.actions.functions.child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"},
        start_new_session=True,
    )


async def _print(stream: asyncio.StreamReader, printed: Callable[[str], None]) -> None:
    """Tell lines, cut where they are too long: a flood without line breaks is dropped."""
    line, cut = bytearray(), False
    while piece := await stream.read(65536):
        *whole, rest = piece.split(b"\n")
        for part in whole:
            line += part[: 4 * MAX_PRINTED] if not cut else b""
            if text := line.decode(errors="replace").rstrip()[:MAX_PRINTED]:
                printed(text)
            line, cut = bytearray(), False
        line += rest[: 4 * MAX_PRINTED - len(line)]
        cut = len(line) >= 4 * MAX_PRINTED
    if text := line.decode(errors="replace").rstrip()[:MAX_PRINTED]:
        printed(text)


def _forget(future: asyncio.Future[dict[str, Any]]) -> None:
    """Nobody waits for it any more: an error in it is nobody's loss."""
    if not future.cancelled():
        future.exception()
