"""Faults of test files: each with its place and remedy, and none hides the tests beside it."""

from __future__ import annotations

import pytest

from tests.rehearsal.conftest import Run

GOOD = "  good:\n    talk: [{says: pear}]\n"


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("- a", "1:1", "a test file is a mapping, not a list. Begin with 'tests:'."),
        ("setup: {}\n", "1:1", "the file has no 'tests'"),
        ("tests: []", "1:8", "'tests' is a mapping, not a list"),
        ("tests: {a: {talks: []}}", "1:13", "unknown key in a test: 'talks'. Did you mean 'talk'?"),
        ("tests: {a: {}}", "1:9", "test 'a' has no 'talk'"),
        ("tests: {a: {talk: []}}", "1:19", "a talk is a list of turns"),
        ("tests: {a: {talk: [says]}}", "1:20", "a turn is a mapping, not text"),
        (
            "tests: {a: {talk: [{say: x}]}}",
            "1:21",
            "unknown key in a turn: 'say'. Did you mean 'says",
        ),
        ("tests: {a: {talk: [{says: x, keys: '1'}]}}", "1:30", "'says' and 'keys' in one turn"),
        ("tests: {a: {talk: [{says: ''}]}}", "1:27", "the caller says nothing"),
        ("tests: {a: {talk: [{keys: 12x}]}}", "1:27", "these are no keys"),
        ("tests: {a: {talk: [{silence: 99}]}}", "1:30", "expected a whole number from 1 to 20"),
        ("tests: {a: {talk: [{hangs_up: false}]}}", "1:31", "only true makes sense here"),
        ("tests: {a: {talk: [{keys: '1', confidence: 1}]}}", "1:44", "'confidence' of 'keys'"),
        ("tests: {a: {talk: [{step: x, confidence: 1}]}}", "1:30", "'confidence' without words"),
        ("tests: {a: {talk: [{}, {}]}}", "1:24", "an empty turn"),
        ("tests: {a: {talk: [{step: tel}]}}", "1:27", "no step 'tel'. Did you mean 'tell'?"),
        ("tests: {a: {talk: [{passes: [tell, x]}]}}", "1:36", "there is no step 'x'"),
        ("tests: {a: {talk: [{acts: prise}]}}", "1:27", "no action 'prise'. Did you mean 'price'?"),
        ("tests: {a: {talk: [{acts: {prise: {}}}]}}", "1:28", "there is no action 'prise'"),
        ("tests: {a: {talk: [{transfers: agent}]}}", "1:32", "Did you mean 'agents'?"),
        ("tests: {a: {talk: [{result: ok}]}}", "1:29", "'ok' is no result"),
        ("tests: {a: {talk: [{bot: {a: b}}]}}", "1:26", "'bot' is text, not a mapping"),
        ("tests: {a: {talk: [{holds: price = 4}]}}", "1:34", "'=' has no meaning here"),
        ("tests: {a: {talk: [{outcome: served}]}}", "1:30", "'served' is no outcome"),
        ("tests: {a: {talk: [{says: x}], outcome: auto}}", "1:41", "'auto' is no outcome"),
        ("setup: {flow: mian}\ntests: {}", "1:15", "no flow 'mian'. Did you mean 'main'?"),
        ("setup: {today: soon}\ntests: {}", "1:16", "this is no day. Write it like 2026-11-21."),
        (
            "setup: {fact: {}}\ntests: {}",
            "1:9",
            "unknown key in setup: 'fact'. Did you mean 'facts",
        ),
        ("setup: {actions: {cost: {}}}\ntests: {}", "1:19", "there is no action 'cost'"),
        ("setup: {actions: {price: {}}}\ntests: {}", "1:26", "one of 'result' and 'fails'"),
        ("setup: {actions: {price: {result: 1, fails: x}}}\ntests: {}", "1:26", "one of 'result'"),
        ("setup: {actions: {price: {value: 1}}}\ntests: {}", "1:27", "unknown key in an action's"),
        (
            "setup: {transfers: {agents: {left: me}}}\ntests: {}",
            "1:36",
            "'me' did not end a transfer",
        ),
        ("tests: {a: {table: [], talk: [{says: x}]}}", "1:20", "a table is a list of rows"),
        ("tests: {a: {table: [1], talk: [{says: x}]}}", "1:21", "a row is a mapping"),
        ("tests: {a: {table: [{b: 1}], talk: [{says: x}]}}", "1:20", "'<b>' is used nowhere"),
        ("tests: {a: {table: [{b: 1}], talk: [{says: <c>}]}}", "1:44", "the table has no 'c'"),
        ("tests: {a: {table: [{b: 1}, {c: 1}], talk: [{says: <b>}]}}", "1:29", "row has no 'b'"),
        ("tests: {a: {table: [{b: [1]}], talk: [{says: a <b>}]}}", "1:25", "'b' is a list, which"),
        ("tests: {a: {talk: [says: x]", "1:28", "expected"),
    ],
)
def test_fault_is_told_with_place_and_remedy(text: str, place: str, problem: str, run: Run) -> None:
    report = run(text)

    assert report.results == []
    told = str(report.problems[0])
    assert f"conversations/talk.yaml:{place}: " in told
    assert problem in told


def test_faulty_test_does_not_hide_the_others(run: Run) -> None:
    report = run(f"tests:\n  bad:\n    talk: [{{step: nowhere}}]\n{GOOD}  worse: 3\n")

    assert [result.test.name for result in report.results] == ["good"]
    assert [problem.line for problem in report.problems] == [3, 6]


def test_control_characters_and_emoji_are_passed_over(run: Run) -> None:
    report = run('tests: {a: {talk: [{says: "pear \\u0007 \U0001f350", result: match}]}}')

    assert report.problems == []
    assert report.results[0].failures == []


def test_sentence_of_five_hundred_words_is_heard_out(run: Run) -> None:
    report = run(f"tests: {{a: {{talk: [{{says: {'well ' * 500}, result: nomatch}}]}}}}")

    assert report.results[0].failures == []
