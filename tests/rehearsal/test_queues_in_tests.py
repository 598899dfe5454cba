"""Conversation tests whose flow leads to a queue: an agent comes, nobody comes, it is closed."""

from __future__ import annotations

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
