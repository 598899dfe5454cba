"""Forms and near misses in conversation tests: what can be expected, and what counts as reached."""

from __future__ import annotations

import pytest

from tests.rehearsal.conftest import Run
from voicebot.rehearsal.suite import Report

FLOW = """\
language: en-US
start: order
trouble: {next: give_up, in_a_row: 4, in_all: 9}
nomatch: [Pardon?]
which: Do you mean {options}?
commands: {grammar: commands, steps: {operator: person}}
steps:
  order:
    form:
      fruit:
        called: fruit
        ask: Which fruit?
        grammar: fruit
        keys: {"1": apple}
        filled: look
      day:
        called: day
        ask: Which day?
        grammar: builtin:date?when=future
        confirm: {ask: "On {day|date}?", ask_below: 0.5}
    corrected: All right.
    stop:
      - if: fruit == 'melon'
        next: no_melons
    review: {ask: "{fruit} on {day|date}?", change: What is wrong?}
    aside: {grammar: [], steps: {operator: person}}
    next: name
  look:
    return: true
  person:
    say: I am a person.
    next: look
  no_melons:
    say: No melons.
    next: name
  name:
    set: {names: NAMES}
    next: ask_name
  ask_name:
    ask: Who are you?
    grammar: [{list: "{names}", near: true}]
    next: thanks
  thanks:
    say: Thank you.
    next: give_up
  give_up:
    hangup: auto
""".replace("NAMES", "[Tim Miller, Kim Miller, Anna Berg]")

WHOLE = """\
tests:
  one by one:
    setup: {today: 2026-11-21}
    talk:
      - slot: fruit
      - silence: true
        slot: fruit
      - says: kiwi
        result: nomatch
        filled: []
      - says: operator
        passes: [person, order]
        slot: fruit
      - says: apple
        filled: {fruit: apple}
        passes: [look, order]
        slot: day
      - silence: true
      - says: kiwi
      - says: tomorrow
        confidence: 0.4
        filled: {day: "20261122"}
        slot: day
      - says: "yes"
        slot: review
      - silence: true
      - says: kiwi
      - says: "no"
        slot: review
      - says: pear not apple
        filled: {fruit: pear}
        bot: All right
        slot: review
      - says: "yes"
        step: ask_name
      - says: Pim Miller
        result: nomatch
        bot: Do you mean Tim Miller
        step: ask_name
      - silence: true
      - says: Anna Burg
        passes: thanks
        outcome: abandoned_in_flow
  stopped:
    talk:
      - says: melon
        passes: no_melons
      - says: operator
        outcome: abandoned_in_flow
  too much:
    talk: [{silence: 4, passes: give_up}]
"""


def problems(report: Report) -> list[str]:
    return [failure.problem for result in report.results for failure in result.failures]


def missed(report: Report) -> list[str]:
    assert report.coverage is not None
    assert report.problems == []
    return [way.text for way in report.coverage.missed]


def test_form_is_driven_and_covered_wholly(run: Run) -> None:
    report = run(WHOLE, flow=FLOW)

    assert problems(report) == []
    assert missed(report) == []


def test_parts_of_a_form_count_apart(run: Run) -> None:
    told = missed(run("tests: {one: {talk: [{keys: '1'}, {silence: 1}]}}", flow=FLOW))

    assert "slot 'day' of 'order' filled by the caller" in told
    assert "slot 'fruit' of 'order' filled by the caller" not in told
    assert "noinput at 'fruit' of 'order'" in told
    assert "noinput at 'day' of 'order'" not in told
    assert "nomatch at 'review' of 'order'" in told
    assert "'yes' to the review of 'order'" in told
    assert "correction in 'order'" in told
    assert "condition from 'order' to 'no_melons'" in told
    assert "aside 'operator' from 'order' to 'person'" in told
    assert "aside 'fruit' from 'order' to 'look'" not in told
    assert "next from 'order' to 'name'" in told


@pytest.mark.parametrize(
    ("turn", "problem"),
    [
        ("{says: pear, slot: fruit}", "expected slot 'fruit' to be asked for, but it is 'day'"),
        (
            "{says: melon, slot: fruit}",
            "expected slot 'fruit' to be asked for, but no form asks at 'ask_name'",
        ),
        ("{says: pear, filled: []}", 'expected no slot to be filled, but there was {"fruit": "pe'),
        ("{says: pear, filled: day}", "expected slot 'day' to be filled, but it was {\"fruit\":"),
        ("{says: pear, filled: {fruit: apple}}", "expected slot 'fruit' to be \"apple\", but it"),
    ],
)
def test_form_that_does_otherwise_is_told(turn: str, problem: str, run: Run) -> None:
    (told,) = problems(run(f"tests: {{one: {{talk: [{turn}]}}}}", flow=FLOW))

    assert told.startswith(problem)


def test_unknown_slot_is_a_fault_of_the_file(run: Run) -> None:
    (problem,) = run("tests: {one: {talk: [{slot: friut}]}}", flow=FLOW).problems

    assert "there is no slot 'friut'. Did you mean 'fruit'?" in str(problem)
