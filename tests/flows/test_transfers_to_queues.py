"""Flows that send callers to queues: what they are told of it, and what the files may get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.flows.commands import Command, HangUp, Say, Transfer
from voicebot.flows.events import CallbackAgreed, ContactStarted, FlowEvent, TransferRefused
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.outside import Known
from voicebot.flows.reader import load_flows, read_flows
from voicebot.flows.state import FlowState
from voicebot.flows.validation import validate
from voicebot.types import Outcome

FLOW = """\
start: to_agent
steps:
  to_agent:
    transfer: queue:support
    on_failure: nobody
    closed: come_back
  nobody: {say: "Nobody, {transfer.why}.", hangup: auto}
  come_back: {say: "Until {transfer.opens}.", hangup: refused}
"""
CALLBACK = """\
start: to_agent
steps:
  to_agent:
    transfer: queue:support
    callback: "{caller}"
    on_failure: nobody
    next: agreed
  agreed: {say: "We call {caller}.", hangup: auto}
  nobody: {say: Nobody., hangup: auto}
"""


def begin(tmp_path: Path, flow: str) -> tuple[Interpreter, FlowState, list[Command]]:
    (tmp_path / "main.yaml").write_text(flow)
    interpreter = Interpreter(load_flows(tmp_path))
    started = ContactStarted({"caller": "1001"})
    state, commands = interpreter.receive(interpreter.begin(), started)
    return interpreter, state, commands


def said(commands: list[Command]) -> str:
    return "".join(
        str(getattr(part, "value", part))
        for command in commands
        if isinstance(command, Say)
        for part in command.prompt.parts
    )


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (TransferRefused("closed", "closed", "", "2026-11-23T09:00"), "Until 2026-11-23T09:00."),
        (TransferRefused("the wait is too long", "wait"), "Nobody, wait."),
    ],
)
def test_a_queue_that_takes_nobody_says_why(tmp_path: Path, event: FlowEvent, words: str) -> None:
    interpreter, state, commands = begin(tmp_path, FLOW)
    transfer = commands[-1]
    assert isinstance(transfer, Transfer)
    assert (transfer.queue, transfer.facts["caller"]) == ("support", "1001")
    _, commands = interpreter.receive(state, event)
    assert said(commands) == words


def test_who_waits_is_in_the_queue_whatever_was_said_before(tmp_path: Path) -> None:
    _, state, _ = begin(tmp_path, FLOW)
    assert state.outcome_if_hung_up is Outcome.ABANDONED_IN_QUEUE


def test_a_promised_call_is_the_outcome(tmp_path: Path) -> None:
    interpreter, state, commands = begin(tmp_path, CALLBACK)
    transfer = commands[-1]
    assert isinstance(transfer, Transfer)
    assert transfer.callback == "1001"
    state, commands = interpreter.receive(state, CallbackAgreed())
    assert said(commands) == "We call 1001."
    end = commands[-1]
    assert isinstance(end, HangUp)
    assert end.outcome is Outcome.CALLBACK_BOOKED
    assert FlowState.from_json(state.to_json()) == state


def test_a_call_may_be_asked_for_at_a_time(tmp_path: Path) -> None:
    timed = CALLBACK.replace('"{caller}"', '"{caller}"\n    callback_at: "1530h"', 1)
    timed = timed.replace("We call {caller}.", "We call at {transfer.at}.")
    interpreter, state, commands = begin(tmp_path, timed)
    transfer = commands[-1]
    assert isinstance(transfer, Transfer)
    assert (transfer.callback, transfer.callback_at) == ("1001", "1530h")
    _, commands = interpreter.receive(state, CallbackAgreed("2026-11-23T15:30+01:00"))
    assert said(commands) == "We call at 2026-11-23T15:30+01:00."


def test_without_a_number_no_time_is_asked_for(tmp_path: Path) -> None:
    timed = CALLBACK.replace('"{caller}"', '"{caller}"\n    callback_at: "1530h"', 1)
    (tmp_path / "main.yaml").write_text(timed)
    interpreter = Interpreter(load_flows(tmp_path))
    _, commands = interpreter.receive(interpreter.begin(), ContactStarted({"caller": ""}))
    transfer = commands[-1]
    assert isinstance(transfer, Transfer)
    assert (transfer.callback, transfer.callback_at) == ("", "")


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("on_failure", "callback_at: 1530h\n    on_failure", "nobody is called back"),
        ("queue:support", "queue:suport", "there is no queue 'suport'"),
        ("queue:support", "agents", "'closed' of step 'to_agent' has no effect"),
        ("on_failure", "mode: refer\n    on_failure", "leads to a queue, whose calls voicebot"),
        ("on_failure", "ring_ms: 9000\n    on_failure", "'ring_ms' of step 'to_agent'"),
    ],
)
def test_what_cannot_work_is_told(tmp_path: Path, before: str, after: str, problem: str) -> None:
    (tmp_path / "main.yaml").write_text(FLOW.replace(before, after, 1))
    found = validate(read_flows(tmp_path)[0], Known(queues={"support"}))
    assert problem in str(found[0])


def test_a_flow_without_faults_has_none(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text(FLOW)
    known = Known(queues={"support"}, transfers=())
    assert validate(load_flows(tmp_path), known) == []
