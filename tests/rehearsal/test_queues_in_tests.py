"""Conversation tests whose flow leads to a queue: an agent comes, nobody comes, it is closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rehearsal.conftest import FLOW, Run
from voicebot.rehearsal.coverage import Coverage
from voicebot.rehearsal.suite import Report

QUEUE = FLOW.replace(
    "    transfer: agents\n",
    "    transfer: queue:support\n    closed: come_back\n    overflow: too_many\n",
).replace(
    "steps:\n",
    "steps:\n"
    "  come_back: {say: Come back., hangup: refused}\n"
    "  too_many: {say: Too many., hangup: refused}\n",
    1,
)


def failures(report: Report) -> list[str]:
    """What went wrong in the one test."""
    (result,) = report.results
    return [str(each) for each in (*report.problems, *result.failures)]


@pytest.mark.parametrize(
    ("comes", "then"),
    [
        ("{seconds: 30}", "outcome: transferred"),
        ("{fails: closed}", "passes: come_back, outcome: refused"),
        ("{fails: no_agent}", "passes: too_many, outcome: refused"),
        ("{fails: wait}", "passes: too_many, outcome: refused"),
        ("{fails: no answer}", "passes: nobody"),
    ],
)
def test_what_comes_of_the_wait(run: Run, comes: str, then: str) -> None:
    text = (
        f"setup: {{transfers: {{'queue:support': {comes}}}}}\n"
        f"tests: {{one: {{talk: [{{says: operator, {then}}}]}}}}"
    )
    assert failures(run(text, flow=QUEUE)) == []


def test_each_way_out_of_a_queue_counts(run: Run) -> None:
    report = run(
        "setup: {transfers: {'queue:support': {fails: closed}}}\n"
        "tests: {one: {talk: [{says: operator}]}}",
        flow=QUEUE,
    )
    assert isinstance(report.coverage, Coverage)
    told = [way.text for way in report.coverage.missed]
    assert not any("come_back" in each for each in told)
    assert any("too_many" in each for each in told)


@pytest.mark.parametrize(
    ("caller", "outcome"), [("'1001'", "callback_booked"), ("''", "transferred")]
)
def test_a_callback_is_promised_to_who_has_a_number(run: Run, caller: str, outcome: str) -> None:
    flow = FLOW.replace(
        "    transfer: agents\n", '    transfer: queue:support\n    callback: "{caller}"\n'
    )
    text = (
        f"setup: {{facts: {{caller: {caller}}}}}\n"
        f"tests: {{one: {{talk: [{{says: operator, outcome: {outcome}}}]}}}}"
    )
    assert failures(run(text, flow=flow)) == []


RULES = """
queues:
  support:
    overflow:
      - {when: length, length: 9, to: full}
      - {when: wait, after_s: 90, queue: others}
  others: {overflow: [{when: wait, after_s: 60, to: voicemail}]}
  vip: {}
rules: [{when: vip, queue: vip}]
"""
MEANWHILE = QUEUE.replace(
    "    closed: come_back\n",
    "    closed: come_back\n"
    "    while_waiting:\n"
    "      offer: {ask: Fruit?, keys: {'1': fruit}, grammar: fruit, ready: Now.,\n"
    "        steps: {fruit: question, apple: chosen}}\n",
).replace("steps:\n", "steps:\n  chosen: {say: An apple., next: back}\n  back: {return: true}\n", 1)


@pytest.mark.parametrize(
    ("comes", "facts", "then"),
    [
        ("{answers_after_s: 149, seconds: 30}", "", "transfers: 'queue:support'"),
        ("{answers_after_s: 150}", "", "variables: {transfer.to: voicemail, transfer.why: wait}"),
        ("{nobody_answers: true}", "", "variables: {transfer.to: voicemail}"),
        ("{nobody_answers: true}", "vip: true", "transfers: 'queue:support'"),
        ("{fails: full}", "", "variables: {transfer.to: full, transfer.why: length}"),
        ("{fails: closed}", "", "variables: {transfer.to: '', transfer.why: closed}"),
    ],
)
def test_the_rules_of_the_queue_hold_in_tests(
    run: Run, market: Path, comes: str, facts: str, then: str
) -> None:
    (market / "queues.yaml").write_text(RULES)
    outcome = {"149": "transferred", "vip": "abandoned_in_queue"}
    ends = next((each for key, each in outcome.items() if key in comes + facts), "refused")
    text = (
        f"setup: {{facts: {{{facts}}}, transfers: {{'queue:support': {comes}}}}}\n"
        f"tests: {{one: {{outcome: {ends}, talk: [{{says: operator, {then}}}]}}}}"
    )
    assert failures(run(text, flow=QUEUE)) == []


def talk(*turns: str, comes: str = "{waits: true}") -> str:
    listed = "".join(f"      - {{{turn}}}\n" for turn in turns)
    return (
        f"setup: {{transfers: {{'queue:support': {comes}}}}}\ntests:\n  one:\n    talk:\n{listed}"
    )


def test_a_caller_does_something_else_while_the_queue_waits(run: Run) -> None:
    report = run(
        talk(
            "says: operator, step: to_agent, bot: 'Fruit?'",
            "silence: true, step: to_agent",
            "says: pear, step: to_agent",
            "says: apple, step: to_agent, passes: chosen, variables: {in_line: null}",
            "keys: '1', step: question, variables: {in_line: true}",
            "agent_rings: true, bot: Now., outcome: transferred",
        ),
        flow=MEANWHILE,
    )
    assert failures(report) == []
    assert isinstance(report.coverage, Coverage)
    assert not [way.text for way in report.coverage.missed if "aside" in way.text]


def test_an_agent_comes_for_who_waits(run: Run) -> None:
    turns = "says: operator, step: to_agent", "agent_rings: true, outcome: transferred"
    assert failures(run(talk(*turns), flow=QUEUE)) == []


@pytest.mark.parametrize(
    ("comes", "turn", "problem"),
    [
        ("{waits: true}", "agent_rings: true", "nobody waits in a queue"),
        ("{waits: true, fails: full}", "says: operator", "'waits' and 'fails' in one answer"),
        ("{answers_after_s: soon}", "says: operator", "a whole number"),
    ],
)
def test_what_makes_no_sense_is_told(run: Run, comes: str, turn: str, problem: str) -> None:
    report = run(talk(turn, comes=comes), flow=QUEUE)
    told = [str(each) for each in report.problems]
    told += [str(each) for result in report.results for each in result.failures]
    assert any(problem in each for each in told), told


def test_nobody_waits_for_a_target_that_is_no_queue(run: Run) -> None:
    report = run(
        "setup: {transfers: {agents: {waits: true}}}\ntests: {one: {talk: [{says: operator}]}}"
    )
    assert "'agents' is no queue" in str(report.problems[0])
