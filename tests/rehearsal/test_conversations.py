"""Conversation tests: what they catch, and how they say it."""

from __future__ import annotations

import pytest

from tests.rehearsal.conftest import ACTIONS, FLOW, Run
from voicebot.rehearsal.performance import Result
from voicebot.rehearsal.suite import Report

ONE = """\
tests:
  one:
    talk:
      - {move}
        {check}
"""


def only(report: Report) -> Result:
    assert report.problems == []
    (result,) = report.results
    return result


def test_conversation_as_expected_passes(run: Run) -> None:
    result = only(
        run(
            """\
            tests:
              a dear fruit:
                talk:
                  - bot: hello
                    step: question
                  - says: melon
                    heard: melon
                    result: match
                    acts: {price: {fruit: melon}}
                    passes: [look_up, too_dear, tell]
                    avoids: sorry
                    bot: [that one is dear, It costs twelve]
                    bot_not: cheap
                    variables: {price: "12", fruit: melon}
                    holds: [price > 10, fruit == 'melon']
                    step: main.question
                outcome: self_served
            """
        )
    )

    assert result.failures == []
    assert [line.who for line in result.transcript[:3]] == ["flow", "bot", "bot"]


@pytest.mark.parametrize(
    ("move", "check", "problem"),
    [
        ("says: pear", "step: give_up", "expected step 'give_up', but the bot waits at 'question'"),
        ("says: nothing", "step: question", "expected step 'question', but the bot ended at"),
        ("says: pear", "passes: [tell, dear]", "way was look_up > dear > tell > question"),
        ("says: pear", "passes: sorry", "expected to pass 'sorry'"),
        ("says: pear", "avoids: tell", "expected not to pass 'tell'"),
        ("says: pear", "bot: cost", "expected the bot to say 'cost', but it said 'It costs 4, "),
        ("says: pear", "bot_not: it costs 4", "expected the bot not to say 'it costs 4'"),
        ("says: pear", "result: nomatch", "expected a nomatch, but it was a match"),
        ("says: kiwi", "result: match", "expected a match, but it was a nomatch"),
        ("says: kiwi", "heard: pear", "to be heard, but nothing was understood"),
        ("says: pear", "heard: apple", 'expected "apple" to be heard, but it was "pear"'),
        ("says: pear", "acts: []", "expected no action to be run, but there was price"),
        ("says: kiwi", "acts: price", "expected action 'price' to be run, but there was none"),
        ("says: pear", "acts: {price: {fruit: fig}}", 'but it had {"fruit": "pear"}'),
        ("says: pear", "transfers: agents", "expected transfer 'agents' to be made"),
        ("says: operator", "transfers: []", "expected no transfer to be made, but there was ag"),
        ("says: pear", "variables: {price: 5}", "expected price to be 5, but it is 4"),
        ("says: pear", "variables: {prise: 4}", "but it is null. Did you mean 'price'?"),
        ("says: pear", "holds: price == 5", "the condition does not hold"),
        ("says: pear", "outcome: self_served", "over (self_served), but the bot waits at 'questio"),
        ("says: nothing", "outcome: failed", "expected the outcome failed, but it is abandoned_in"),
    ],
)
def test_expectation_that_does_not_hold_is_told_with_its_place(
    move: str, check: str, problem: str, run: Run
) -> None:
    result = only(run(ONE.format(move=move, check=check)))

    assert len(result.failures) == 1
    failure = str(result.failures[0])
    assert problem in failure
    assert "conversations/talk.yaml:5:" in failure
    column = result.failures[0].place.column
    assert column >= len("        ") + 1


def test_several_texts_fail_each_at_its_own_place(run: Run) -> None:
    result = only(run(ONE.format(move="says: pear", check="bot: [nuts, it costs, bolts]")))

    assert [(each.place.line, each.place.column) for each in result.failures] == [(5, 15), (5, 31)]


def test_test_stops_at_the_first_turn_that_fails(run: Run) -> None:
    result = only(
        run(
            """\
            tests:
              one:
                talk:
                  - says: pear
                    step: give_up
                  - says: nothing
                    step: tell
                outcome: failed
            """
        )
    )

    assert len(result.failures) == 1
    assert not any("nothing" in line.text for line in result.transcript)


def test_move_after_the_end_fails(run: Run) -> None:
    result = only(run("tests: {one: {talk: [{says: nothing}, {says: pear}]}}"))

    assert "the call was over already (abandoned_in_flow)" in str(result.failures[0])


def test_outcome_at_the_end_is_that_of_a_caller_who_hangs_up(run: Run) -> None:
    result = only(run("tests: {one: {talk: [{says: pear}], outcome: abandoned_in_flow}}"))

    assert "expected the outcome abandoned_in_flow, but it is self_served" in str(
        result.failures[0]
    )


def test_keys_silence_and_failing_ears_are_moves(run: Run) -> None:
    result = only(
        run(
            """\
            tests:
              one:
                talk:
                  - keys: "1"
                    heard: apple
                  - recognizer_fails: true
                    bot: My fault. Which fruit?
                  - silence: true
                    result: noinput
                    bot: Are you there
                  - silence: 2
                    outcome: self_served
            """
        )
    )

    assert result.failures == []


def test_low_confidence_asks_back(run: Run) -> None:
    text = "tests: {one: {talk: [{says: pear, confidence: 0.3, bot: You said pear}, {says: 'no'}]}}"

    assert only(run(text)).failures == []


def test_caller_who_hangs_up_ends_the_call(run: Run) -> None:
    text = "tests: {one: {talk: [{hangs_up: true, outcome: abandoned_in_flow}]}}"

    assert only(run(text)).failures == []


def test_answers_of_an_action_come_in_turn_and_by_arguments(run: Run) -> None:
    result = only(
        run(
            """\
            setup:
              actions:
                price:
                  - {when: {fruit: pear}, times: 1, result: 20}
                  - {when: {fruit: pear}, fails: too late}
                  - {result: 1}
            tests:
              one:
                talk:
                  - says: pear
                    variables: {price: 20}
                  - says: pear
                    passes: sorry
                    holds: problem == 'too late'
                  - says: apple
                    variables: {price: 1}
            """
        )
    )

    assert result.failures == []


def test_test_takes_the_sample_database_over_the_stub_of_its_file(run: Run) -> None:
    result = only(
        run(
            """\
            setup: {actions: {price: {result: 99}}}
            tests:
              one:
                setup: {actions: {price: database}}
                talk: [{says: pear, variables: {price: 4}}]
            """
        )
    )

    assert result.failures == []


def test_changed_sample_data_do_not_reach_the_next_test(run: Run) -> None:
    changing = ACTIONS + (
        "buy:\n  arguments: {fruit: text}\n  database: market\n  changes: true\n"
        "  sql: UPDATE fruit SET price = price + 1 WHERE name = :fruit RETURNING price\n"
        "  result: value\n"
    )
    flow = FLOW.replace("act: price", "act: buy")
    text = "tests: {one: {table: [{n: 1}, {n: 2}], talk: [{says: pear, variables: {price: 5}}]}}"

    report = run(text.replace("price: 5", "price: 5, x<n>: null"), flow=flow, actions=changing)

    assert [result.failures for result in report.results] == [[], []]


def test_action_beyond_the_folder_must_be_answered_by_the_test(run: Run) -> None:
    remote = "price:\n  arguments: {fruit: text}\n  http: GET https://shop.example/{fruit}\n"

    failed = only(run("tests: {one: {talk: [{says: pear}]}}", actions=remote))
    text = "tests: {one: {setup: {actions: {price: {result: 4}}}, talk: [{says: pear}]}}"
    passed = only(run(text, actions=remote))

    assert "nothing answers the action 'price'" in str(failed.failures[0])
    assert passed.failures == []


def test_transfer_is_taken_unless_the_test_says_otherwise(run: Run) -> None:
    report = run(
        """\
        tests:
          taken:
            talk:
              - {says: pear}
              - {says: operator, transfers: {agents: {fruit: pear}}, outcome: transferred}
          refused:
            setup: {transfers: {agents: {fails: busy}}}
            talk:
              - {keys: "0", passes: nobody, holds: problem == 'busy', step: question}
        """
    )

    assert [result.failures for result in report.results] == [[], []]


def test_bridged_transfer_comes_back(run: Run) -> None:
    flow = FLOW.replace("transfer: agents", "transfer: agents\n    mode: bridge\n    next: nobody")
    result = only(
        run(
            """\
            setup: {transfers: {agents: {seconds: 40, left: line}}}
            tests:
              one:
                talk:
                  - says: operator
                    variables: {transfer: {seconds: 40, left: line}}
                    step: question
                outcome: transferred
            """,
            flow=flow,
        )
    )

    assert result.failures == []


def test_day_of_the_test_is_the_day_of_its_prompts(run: Run) -> None:
    text = (
        "setup: {today: 2026-11-23, transfers: {agents: {fails: busy}}}\n"
        "tests: {one: {talk: [{keys: '0'}, {says: pear, bot: until tomorrow}]}}"
    )

    assert only(run(text)).failures == []


def test_facts_are_variables_from_the_beginning(run: Run) -> None:
    text = "tests: {one: {setup: {facts: {caller: '555'}}, talk: [{holds: caller == '555'}]}}"

    assert only(run(text)).failures == []


def test_each_row_of_a_table_is_a_test(run: Run) -> None:
    report = run(
        """\
        tests:
          prices:
            table:
              - {fruit: apple, price: 3}
              - {fruit: pear, price: 5}
              - {fruit: melon, price: 12}
            talk:
              - says: <fruit>
                variables: {price: <price>}
                bot: it costs <price>
        """
    )

    assert [result.test.name for result in report.results] == [
        "prices [apple, 3]",
        "prices [pear, 5]",
        "prices [melon, 12]",
    ]
    assert [result.passed for result in report.results] == [True, False, True]


def test_flow_that_acts_without_end_is_stopped(run: Run) -> None:
    flow = FLOW.replace("look that up.\n    next: question", "look that up.\n    next: look_up")
    text = (
        "setup: {actions: {price: {fails: no}}}\n"
        "tests: {one: {talk: [{says: pear}], outcome: failed}}"
    )

    assert only(run(text, flow=flow)).failures == []
