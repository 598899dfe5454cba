"""Log lines come out as asked, and nothing that a caller said or keyed is in them."""

from __future__ import annotations

import io
import json
import logging
import re
import warnings
from typing import Any

import pytest
import structlog

from voicebot.events import CallStarted, TurnFinished, TurnResult
from voicebot.logs import MASK, TAGGED, configure_logging
from voicebot.types import CallId, Heard, Language, Mode

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?")
"""Its digits may be any, those of a test's number too."""


class Output(io.StringIO):
    """What was logged; a terminal if told so."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def output() -> Output:
    return Output()


HEARD = Heard("four two seven one", {"order": "4271"}, 0.93, Mode.DTMF, "order_number")
TURN = TurnFinished(
    CallId("c-1"), 0.0, 3, "ask", "Is it 4271?", TurnResult.MATCH, HEARD, latency_ms=412.0
)


@pytest.mark.parametrize("name", sorted(TAGGED))
@pytest.mark.parametrize("format", ["json", "console"])
def test_a_tagged_field_is_masked(name: str, format: Any, output: Output) -> None:
    configure_logging(format=format, stream=output)
    structlog.get_logger("voicebot.test").info("happened", **{name: "+1 555 0100 two"})
    assert MASK in output.getvalue()
    assert "+1 555" not in output.getvalue()
    assert " two" not in output.getvalue()


@pytest.mark.parametrize("format", ["json", "console"])
@pytest.mark.parametrize(
    "fields",
    [
        {"turn": TURN},
        {"turns": [TURN, {"heard": HEARD}]},
        {"detail": {"number": 4271, "inner": {"keys": "4271"}}},
        {"batch": (HEARD,), "keys": ["4", "2", "7", "1"], "digits": 4271},
        {"call": CallStarted(CallId("c-1"), 0.0, "sip", "4271", "4271", "main", Language("en"))},
    ],
)
def test_tagged_fields_are_masked_however_deep_they_stand(
    fields: dict[str, Any], format: Any, output: Output
) -> None:
    configure_logging(format=format, stream=output)
    structlog.get_logger("voicebot.test").info("happened", **fields)
    assert "4271" not in TIMESTAMP.sub("", output.getvalue())
    assert "four two" not in output.getvalue()
    assert "'4', '2'" not in output.getvalue()


def test_what_is_not_tagged_stays(output: Output) -> None:
    configure_logging(stream=output)
    structlog.get_logger("voicebot.test").info("turn_finished", turn=TURN, call_id="c-1", ms=412)
    (line,) = output.lines()
    assert (line["event"], line["call_id"], line["ms"]) == ("turn_finished", "c-1", 412)
    assert (line["level"], line["logger"]) == ("info", "voicebot.test")
    assert line["turn"]["latency_ms"] == 412.0
    assert line["timestamp"].endswith("Z")


def test_nothing_is_told_as_nothing(output: Output) -> None:
    configure_logging(stream=output)
    structlog.get_logger("voicebot.test").info("happened", heard=None, caller="")
    (line,) = output.lines()
    assert (line["heard"], line["caller"]) == (None, "")


def test_redaction_can_be_switched_off(output: Output) -> None:
    configure_logging(redact=False, stream=output)
    structlog.get_logger("voicebot.test").info("happened", heard="four two")
    assert output.lines()[0]["heard"] == "four two"


def test_context_of_a_call_is_masked_too(output: Output) -> None:
    configure_logging(stream=output)
    with structlog.contextvars.bound_contextvars(call_id="c-1", caller="+15550100"):
        structlog.get_logger("voicebot.test").info("happened")
    (line,) = output.lines()
    assert (line["call_id"], line["caller"]) == ("c-1", MASK)


@pytest.mark.parametrize(
    "said, written",
    [
        ("INVITE sip:+15550100@10.0.0.1:5060", f"INVITE sip:{MASK}@10.0.0.1:5060"),
        ("REFER to <sips:alice.b@host;x=1>", f"REFER to <sips:{MASK}@host;x=1>"),
        ("tel:5550100 calls", f"tel:{MASK} calls"),
        ("from +1 (555) 010-0123 now", f"from {MASK} now"),
        ("bound to 127.0.0.1 port 20000", "bound to 127.0.0.1 port 20000"),
    ],
)
def test_callers_in_the_text_of_libraries_are_masked(
    said: str, written: str, output: Output
) -> None:
    configure_logging(stream=output)
    logging.getLogger("aiosipua.uac").error("%s", said)
    assert output.lines()[0]["event"] == written


@pytest.mark.parametrize("library", ["aiosipua.message", "aiortp.transport", "uvicorn.error"])
def test_libraries_do_not_write_a_line_for_each_packet_of_a_stranger(
    library: str, output: Output
) -> None:
    configure_logging("debug", stream=output)
    logging.getLogger(library).warning("bad packet")
    assert output.lines() == []


def test_libraries_and_warnings_come_out_the_same_way(output: Output) -> None:
    configure_logging(stream=output)
    logging.getLogger("somewhere").warning("careful", extra={"caller": "+15550100", "tries": 2})
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("getting old", DeprecationWarning, stacklevel=1)
    first, second = output.lines()
    assert (first["event"], first["logger"], first["tries"]) == ("careful", "somewhere", 2)
    assert first["caller"] == MASK
    assert "getting old" in second["event"]


@pytest.mark.parametrize("library", ["aiosqlite", "httpx", "sqlalchemy.engine"])
def test_libraries_that_write_data_are_quiet_below_warnings(library: str, output: Output) -> None:
    configure_logging("debug", stream=output)
    logging.getLogger(library).info("INSERT ... ('four two seven one')")
    assert output.getvalue() == ""


def test_lines_below_the_level_are_left_out(output: Output) -> None:
    configure_logging("warning", stream=output)
    log = structlog.get_logger("voicebot.test")
    log.info("small")
    log.warning("big")
    assert [line["event"] for line in output.lines()] == ["big"]


def test_a_logger_made_before_follows_a_later_configuration(output: Output) -> None:
    log = structlog.get_logger("voicebot.test")
    configure_logging(stream=io.StringIO())
    log.info("first")
    configure_logging(stream=output)
    log.info("second")
    assert [line["event"] for line in output.lines()] == ["second"]


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_traceback_shows_no_local_variables(format: Any, output: Output) -> None:
    configure_logging(format=format, stream=output)
    heard = "four two seven one"
    try:
        raise KeyError(len(heard))
    except KeyError:
        structlog.get_logger("voicebot.test").exception("broke")
    assert "KeyError" in output.getvalue()
    assert heard not in output.getvalue()


def test_auto_is_for_people_on_a_terminal_and_json_elsewhere() -> None:
    terminal, file = Output(terminal=True), Output()
    for stream in (terminal, file):
        configure_logging(stream=stream)
        structlog.get_logger("voicebot.test").info("happened")
    assert not terminal.getvalue().startswith("{")
    assert file.lines()[0]["event"] == "happened"


def test_handlers_of_others_stay() -> None:
    other = logging.NullHandler()
    logging.getLogger().addHandler(other)
    configure_logging(stream=io.StringIO())
    configure_logging(stream=io.StringIO())
    handlers = logging.getLogger().handlers
    assert other in handlers
    assert sum(handler.get_name() == "voicebot.logs" for handler in handlers) == 1
