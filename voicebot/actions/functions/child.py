"""The process that runs an application's Python functions: ``python -m`` this, with pipes.

Requests come in on standard input, answers go out on what was standard output; what functions print
goes to standard error, where the server reads it. Each run has a thread, an ``async def`` function
runs on one loop that all share. The process ends when its input does: it never outlives the server.
It does not keep time: who does not come back is cancelled where that is possible, and the server
then gives the whole process up.
"""

from __future__ import annotations

import asyncio
import datetime
import decimal
import importlib
import inspect
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, BinaryIO, Final

from voicebot.actions.answer import as_json
from voicebot.actions.functions.importing import PACKAGE, install
from voicebot.actions.functions.wire import HEADER, MAX_ANSWER_BYTES, pack

_CASTS: Final[Mapping[str, Callable[[Any], object]]] = {
    "Decimal": lambda value: decimal.Decimal(str(value)),
    "date": datetime.date.fromisoformat,
    "float": float,
}


class Runner:
    """Runs functions and answers, from many threads."""

    def __init__(self, answers: BinaryIO, folder: str, loop: asyncio.AbstractEventLoop) -> None:
        self._answers = answers
        self._folder = folder
        self._loop = loop
        self._lock = threading.Lock()
        self._cancellable: dict[int, Future[Any]] = {}
        self._running: set[int] = set()
        self._cancelled: set[int] = set()  # of those that run

    def begin(self, request: dict[str, Any]) -> None:
        """Start a run; its answer is sent when there is one."""
        with self._lock:
            self._running.add(request["run"])
        work = threading.Thread(target=self._run, args=(request,), daemon=True)
        work.start()

    def cancel(self, run: int) -> None:
        """Cancel an ``async def`` function; a thread cannot be cancelled."""
        with self._lock:
            future = self._cancellable.get(run)
            if run in self._running:  # perhaps its function has not been called yet
                self._cancelled.add(run)
        if future is not None:
            future.cancel()

    def answer(self, message: dict[str, Any]) -> None:
        self._send(pack(message))

    def _send(self, frame: bytes) -> None:
        with self._lock:
            self._answers.write(frame)
            self._answers.flush()

    def _run(self, request: dict[str, Any]) -> None:
        run = request["run"]
        try:
            value = as_json(self._call(run, request))
            frame = pack({"run": run, "value": value})
        except BaseException as error:  # noqa: BLE001 - whatever it is, only this run fails
            frame = pack({"run": run, "error": _kind(error), "where": self._where(error)})
        if len(frame) > MAX_ANSWER_BYTES:
            frame = pack({"run": run, "error": f"result above {MAX_ANSWER_BYTES} bytes"})
        self._send(frame)
        with self._lock:
            self._running.discard(run)
            self._cancelled.discard(run)

    def _call(self, run: int, request: dict[str, Any]) -> object:
        module = importlib.import_module(f"{PACKAGE}.{request['module']}")
        function = getattr(module, request["function"])
        arguments = {
            name: _cast(request["casts"].get(name), value)
            for name, value in request["arguments"].items()
        }
        given = function(**arguments)
        if not inspect.isawaitable(given):
            return given
        future = asyncio.run_coroutine_threadsafe(_awaited(given), self._loop)
        with self._lock:
            self._cancellable[run] = future
            cancelled = run in self._cancelled
        if cancelled:
            future.cancel()
        try:
            return future.result()
        finally:
            with self._lock:
                del self._cancellable[run]

    def _where(self, error: BaseException) -> str:
        """The last place in the application's own files that the error came through."""
        return place_of(error, self._folder)[0]


def place_of(error: BaseException, folder: str) -> tuple[str, str, int, int]:
    """Where in the application's files it happened: all together, then file, line and column."""
    if isinstance(error, SyntaxError) and (error.filename or "").startswith(folder):
        frame = (str(error.filename), error.lineno or 0, error.offset or 1)
    else:
        frames = [
            (each.filename, each.lineno or 0, (each.colno or 0) + 1)
            for each in traceback.extract_tb(error.__traceback__)
            if each.filename.startswith(folder)
        ]
        frame = frames[-1] if frames else ("", 0, 0)
    file, line, column = frame
    return (f"{os.path.relpath(file, folder)}:{line}" if file else "", file, line, column)


async def _awaited(given: Any) -> object:
    try:
        return await given
    except (SystemExit, KeyboardInterrupt) as error:  # they would end the loop of all
        raise RuntimeError(type(error).__name__) from error


def _cast(name: str | None, value: Any) -> object:
    if name is None or value is None:
        return value
    if isinstance(value, list):
        return [_CASTS[name](item) for item in value]
    return _CASTS[name](value)


def _kind(error: BaseException) -> str:
    """What went wrong without what was said: an exception's own words may repeat an argument."""
    if isinstance(error, TypeError) and error.__traceback__ is not None:
        last = traceback.extract_tb(error.__traceback__)[-1]
        if last.name == "as_json":
            return f"a result of type {error}, which cannot become JSON"
    return type(error).__name__


def _read(requests: BinaryIO) -> dict[str, Any] | None:
    header = requests.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    message: dict[str, Any] = json.loads(requests.read(HEADER.unpack(header)[0]))
    return message


def _imported(folder: str, modules: list[str]) -> list[dict[str, Any]]:
    """Import the modules; what goes wrong, each with its place."""
    problems = []
    for name in modules:
        try:
            importlib.import_module(f"{PACKAGE}.{name}".rstrip("."))
        except BaseException as error:  # noqa: BLE001 - the designer is told of all of them
            _, file, line, column = place_of(error, folder)
            problem = f"{type(error).__name__}: {error}"
            problems.append({"file": file, "line": line, "column": column, "problem": problem})
    return problems


def main() -> None:
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    first = _read(requests)
    if first is None:
        return
    install(first["folder"], first["texts"])
    loop = asyncio.new_event_loop()
    runner = Runner(answers, first["folder"], loop)
    runner.answer({"problems": _imported(first["folder"], first["modules"])})
    threading.Thread(target=_serve, args=(requests, runner), daemon=True).start()
    loop.run_forever()


def _serve(requests: BinaryIO, runner: Runner) -> None:
    while (request := _read(requests)) is not None:
        if "cancel" in request:
            runner.cancel(request["cancel"])
        else:
            runner.begin(request)
    os._exit(0)


if __name__ == "__main__":
    main()
