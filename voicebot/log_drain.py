"""Keeps a log that nobody reads from stopping the server.

Who writes to a full pipe waits until somebody reads it: a log collector that hangs, or a terminal
that was stopped, would stop every call. While `drained_log` holds, lines are made where they are
logged and written by a thread of its own, which writes only what fits at once (poll(2), PIPE_BUF).
`MOST_WAITING` lines may wait; more are dropped and counted, and the log says so once it can.

`logging.handlers.QueueListener` is no help: its end waits until everything is written, for ever
where nobody reads.

Left out on purpose: worker processes, which write warnings only, on their own standard error.
"""

from __future__ import annotations

import logging
import os
import queue
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import structlog

from voicebot import logs

MOST_WAITING: Final = 10_000
"""Lines that may wait, 2 to 5 MB."""
FINISH_S: Final = 2.0
"""What is waiting at the end may take so long to be written."""
_GIVE_UP_MS: Final = 200
"""At the end nobody reads a pipe that has had no room for so long."""

log = structlog.get_logger(__name__)


class DrainHandler(logging.Handler):
    """Writes lines to the file descriptor ``fd`` without ever holding up who logs.

    ``dropped`` counts lines that found no room or could not be written. `close` ends it.
    """

    def __init__(self, fd: int, most_waiting: int = MOST_WAITING) -> None:
        super().__init__()
        self.dropped = 0
        self._told = 0
        self._counting = threading.Lock()
        self._fd = fd
        self._lines: queue.Queue[bytes | None] = queue.Queue(most_waiting)
        self._closing = threading.Event()
        self._writer = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._writer.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Make the line now, as its fields may change, and leave it to the writer."""
        try:
            line = f"{self.format(record)}\n".encode(errors="backslashreplace")
        except Exception:  # noqa: BLE001 - as every handler of the standard library does
            self.handleError(record)
            return
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._drop()

    def close(self) -> None:
        """Write what waits, where somebody reads it. At most `FINISH_S`; may be called again."""
        if not self._closing.is_set():
            self._closing.set()
            # Without room the writer is at work, and looks at ``_closing`` by itself.
            with suppress(queue.Full):
                self._lines.put_nowait(None)
            self._writer.join(FINISH_S)
        super().close()

    def _write_all(self) -> None:
        while not (self._closing.is_set() and self._lines.empty()):
            line = self._lines.get()
            if line is None or not self._write(line):
                return
            if self.dropped > self._told and self._lines.empty():
                self._tell()

    def _write(self, line: bytes) -> bool:
        """False where nobody reads and the end has come."""
        ready = select.poll()
        ready.register(self._fd, select.POLLOUT)
        while line:
            if not ready.poll(_GIVE_UP_MS):
                if self._closing.is_set():
                    return False
                continue
            try:
                line = line[os.write(self._fd, line[: select.PIPE_BUF]) :]
            except OSError:  # the reader has gone: nobody is there to be told
                self._drop()
                self._told = self.dropped
                return True
        return True

    def _tell(self) -> None:
        # All there were so far, as this line may be dropped too.
        self._told = self.dropped
        log.warning("log_lines_dropped", so_far=self._told)

    def _drop(self) -> None:
        with self._counting:
            self.dropped += 1


@contextmanager
def drained_log() -> Iterator[None]:
    """Have our log (`configure_logging`) written by a thread. Where it goes to no file, pipe or
    terminal it stays as it is: memory never waits."""
    root = logging.getLogger()
    direct = logs.handler()
    if direct is None:
        yield
        return
    try:
        fd = direct.stream.fileno()
    except (OSError, ValueError):
        yield
        return
    direct.flush()
    drain = DrainHandler(fd)
    drain.setFormatter(direct.formatter)
    drain.set_name(direct.get_name())
    root.handlers[root.handlers.index(direct)] = drain
    try:
        yield
    finally:
        if drain in root.handlers:
            root.handlers[root.handlers.index(drain)] = direct
        direct.set_name(drain.get_name())
        drain.close()


def lines_dropped() -> int:
    """Lines of this process's log that nobody will read."""
    return sum(
        each.dropped for each in logging.getLogger().handlers if isinstance(each, DrainHandler)
    )
