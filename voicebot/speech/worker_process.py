"""The body of a speech worker: ``python -m voicebot.speech.worker_process``.

Reads an `EngineSpec`, loads that engine, answers once, then answers one job after the other until
its standard input closes, which is how it ends when the server does, however the server ended. What
jobs took of memory goes back to the system when there is a pause.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import select
import signal
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from voicebot.errors import SpeechError, VoicebotError
from voicebot.freed_memory import give_memory_back
from voicebot.logs import configure_logging
from voicebot.speech.wire import HEADER, Answer, EngineSpec, GrammarRef, Job, KnownGrammars, pack

NICENESS = 5
"""Speech work yields to the audio path: a late decode is heard less than a late frame."""

PAUSE_S: Final = 2.0
"""Without a job for so long a worker has a pause. Between them glibc keeps 100 MB for the next."""


def load_engine(spec: EngineSpec) -> Any:
    """Build the engine that ``spec`` names. Raises ModelError where its model is unusable."""
    module, _, name = spec.engine.partition(":")
    return getattr(importlib.import_module(module), name)(**dict(spec.options))


def main() -> None:
    """Serve jobs from standard input to standard output."""
    # Ctrl-C and service managers signal the whole group, but calls go on for a while after that:
    # the server ends its workers itself, by closing their input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    # Whatever a library prints must not land among the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    configure_logging("warning")
    try:
        _serve(sys.stdin.buffer, answers)
    except BrokenPipeError:
        # The server is gone, or stopped this worker while its model was being loaded. What is left
        # to be written goes nowhere, or Python would complain of it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), answers.fileno())


def _serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    spec = _read(jobs)
    if not isinstance(spec, EngineSpec):
        return
    try:
        engine = load_engine(spec)
    except Exception as error:  # noqa: BLE001 - whatever it is, the server must hear of it
        _write(answers, Answer(None, _portable(error)))
        return
    _write(answers, Answer(None))
    grammars: KnownGrammars[Any] = KnownGrammars()
    for job in _jobs(jobs):
        _write(answers, _answer(engine, job, grammars))


def _jobs(stream: BinaryIO) -> Iterator[Job]:
    """The jobs as they come; after one that was followed by a pause, memory is given back."""
    while True:
        # Nobody sends a job before the last one is answered: none can be in the stream's buffer.
        if not select.select([stream], [], [], PAUSE_S)[0]:
            give_memory_back()
        if not isinstance(job := _read(stream), Job):
            return
        yield job


def _answer(engine: Any, job: Job, grammars: KnownGrammars[Any]) -> Answer:
    try:
        args = [_resolve(arg, grammars) for arg in job.args]
        return Answer(getattr(engine, job.method)(*args))
    except Exception as error:  # noqa: BLE001 - one bad job must not end the worker
        return Answer(None, _portable(error))


def _resolve(arg: Any, grammars: KnownGrammars[Any]) -> Any:
    if not isinstance(arg, GrammarRef):
        return arg
    if arg.grammar is not None:
        grammars.add(arg.key, arg.grammar)
    return grammars.get(arg.key)


def _portable(error: Exception) -> Exception:
    if isinstance(error, VoicebotError):
        return error
    return SpeechError(f"{type(error).__name__}: {error}")


def _read(stream: BinaryIO) -> object:
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    body = stream.read(HEADER.unpack(header)[0])
    return pickle.loads(body)


def _write(stream: BinaryIO, answer: Answer) -> None:
    stream.write(pack(answer))
    stream.flush()


if __name__ == "__main__":
    main()
