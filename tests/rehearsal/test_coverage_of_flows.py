"""What counts as reached, and what is told as missed."""

from __future__ import annotations

from tests.rehearsal.conftest import FLOW, Run
from voicebot.rehearsal.coverage import Coverage
from voicebot.rehearsal.suite import Report

WHOLE = """\
setup:
  transfers:
    agents: [{fails: busy, times: 1}, {seconds: 1}]
tests:
  one:
    talk:
      - says: melon
      - says: pear
      - keys: "0"
      - says: kiwi
      - silence: true
      - says: kiwi
  two:
    talk: [{says: nothing}]
  three:
    setup: {actions: {price: {fails: x}}}
    talk: [{says: pear}]
"""


def of(report: Report) -> Coverage:
    assert report.coverage is not None
    assert report.problems == []
    assert [str(f) for result in report.results for f in result.failures] == []
    return report.coverage


def missed(report: Report) -> list[str]:
    return [way.text for way in of(report).missed]


def test_everything_can_be_reached(run: Run) -> None:
    coverage = of(run(WHOLE))

    assert coverage.missed == ()
    assert coverage.percent == 100
    assert coverage.steps == coverage.steps_reached == 10


def test_missed_step_stands_for_what_leaves_it(run: Run) -> None:
    told = missed(run("tests: {one: {talk: [{says: nothing}]}}"))

    assert "step 'dear'" in told
    assert not any("from 'dear'" in each for each in told)


def test_branch_answer_failure_silence_and_command_count_apart(run: Run) -> None:
    told = missed(run("tests: {one: {talk: [{says: pear}]}}"))

    assert "condition from 'dear' to 'too_dear'" in told
    assert "condition from 'dear' to 'tell'" not in told
    assert "answer 'nothing' from 'question' to 'give_up'" in told
    assert "answer from 'question' to 'look_up'" not in told
    assert "failure from 'look_up' to 'sorry'" in told
    assert "noinput at 'question'" in told
    assert "nomatch at 'question'" in told
    assert "command 'operator' from any question to 'to_agent'" in told
    assert "trouble from any question to 'give_up'" in told


def test_missed_way_points_to_its_place(run: Run) -> None:
    (way,) = [
        way
        for way in of(run("tests: {one: {talk: [{says: pear}]}}")).missed
        if way.text == "condition from 'dear' to 'too_dear'"
    ]

    line = FLOW.splitlines().index("        next: too_dear") + 1
    assert (way.place.line, way.place.column) == (line, 15)


def test_two_cases_with_one_target_are_told_apart(run: Run) -> None:
    flow = FLOW.replace("- else: tell", "- if: price > 3\n        next: tell\n      - else: tell")

    told = missed(run("tests: {one: {talk: [{says: pear}, {says: melon}]}}", flow=flow))

    assert told.count("condition from 'dear' to 'tell'") == 1
