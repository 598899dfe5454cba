"""A log that nobody reads must not hold up who writes it."""

from __future__ import annotations

import io
import json
import logging
import os
import select
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TextIO

import pytest
import structlog

from voicebot.log_drain import DrainHandler, drained_log, lines_dropped
from voicebot.logs import MASK, configure_logging

pytestmark = pytest.mark.usefixtures("logging_as_it_was")

LONG = "x" * 1000
MORE_THAN_A_PIPE_HOLDS = 200


@pytest.fixture
def pipe() -> Iterator[tuple[TextIO, TextIO]]:
    """A reader and a writer."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as reader, os.fdopen(writing, "w") as writer:
        yield reader, writer


def parsed(reader: TextIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in reader]


def test_a_drained_log_loses_nothing(pipe: tuple[TextIO, TextIO]) -> None:
    reader, writer = pipe
    lines: list[dict[str, Any]] = []
    reading = threading.Thread(target=lambda: lines.extend(parsed(reader)))
    reading.start()
    configure_logging(format="json", stream=writer)
    with drained_log():
        for number in range(MORE_THAN_A_PIPE_HOLDS):
            structlog.get_logger("voicebot.test").info("happened", n=number, long=LONG, keys="42")
        logging.getLogger("library").warning("from %s", "elsewhere")
        assert lines_dropped() == 0
    writer.close()
    reading.join()
    assert [line["n"] for line in lines[:-1]] == list(range(MORE_THAN_A_PIPE_HOLDS))
    assert {line["keys"] for line in lines[:-1]} == {MASK}
    assert lines[-1]["event"] == "from elsewhere"


def test_fields_are_written_as_they_were_when_they_were_logged(
    pipe: tuple[TextIO, TextIO],
) -> None:
    reader, writer = pipe
    configure_logging(format="json", stream=writer)
    facts = {"n": 1}
    with drained_log():
        structlog.get_logger("voicebot.test").info("happened", facts=facts)
        facts["n"] = 2
    writer.close()
    assert parsed(reader)[0]["facts"] == {"n": 1}


def test_nobody_waits_for_a_log_that_nobody_reads(pipe: tuple[TextIO, TextIO]) -> None:
    _, writer = pipe
    configure_logging(format="json", stream=writer)
    with drained_log():  # that this ends is the point
        for _ in range(MORE_THAN_A_PIPE_HOLDS):
            structlog.get_logger("voicebot.test").info("happened", long=LONG)


def fill(writer: TextIO) -> None:
    """Leave no room in a pipe, by empty lines."""
    os.set_blocking(writer.fileno(), False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer.fileno(), b"\n" * select.PIPE_BUF)
    os.set_blocking(writer.fileno(), True)


def test_lines_without_room_are_dropped_counted_and_told(pipe: tuple[TextIO, TextIO]) -> None:
    reader, writer = pipe
    configure_logging(format="json", stream=writer)
    fill(writer)
    drain = DrainHandler(writer.fileno(), most_waiting=10)
    drain.setFormatter(logging.getLogger().handlers[-1].formatter)
    logging.getLogger().handlers[:] = [drain]
    for number in range(MORE_THAN_A_PIPE_HOLDS):
        structlog.get_logger("voicebot.test").info("happened", n=number)
    dropped = lines_dropped()
    written = 0
    for text in reader:
        if text.strip():
            line = json.loads(text)
            if line["event"] == "log_lines_dropped":
                break
            written += 1
    # Ten wait, and the writer may hold one.
    assert written in {10, 11}
    assert line["so_far"] == dropped == MORE_THAN_A_PIPE_HOLDS - written
    drain.close()


def test_a_reader_that_has_gone_is_no_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as writer:
        configure_logging(format="json", stream=writer)
        with drained_log():
            drain = logging.getLogger().handlers[-1]
            for _ in range(3):
                structlog.get_logger("voicebot.test").info("happened")
        assert isinstance(drain, DrainHandler)
        assert drain.dropped == 3


def test_the_log_is_as_it_was_afterwards(pipe: tuple[TextIO, TextIO]) -> None:
    reader, writer = pipe
    configure_logging(format="json", stream=writer)
    before = logging.getLogger().handlers[:]
    with drained_log():
        assert logging.getLogger().handlers != before
    assert logging.getLogger().handlers == before
    structlog.get_logger("voicebot.test").info("at the end")
    writer.close()
    assert [line["event"] for line in parsed(reader)] == ["at the end"]


def test_logs_in_memory_stay_there() -> None:
    output = io.StringIO()
    configure_logging(format="json", stream=output)
    with drained_log():
        structlog.get_logger("voicebot.test").info("happened")
        assert "happened" in output.getvalue()
