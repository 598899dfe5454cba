"""A test gives its caller a history and a number; the flow is told of both as in a call."""

from __future__ import annotations

import pytest

from tests.rehearsal.conftest import ACTIONS, FLOW, Run

KNOWING: dict[str, str] = {
    "flow": FLOW.replace("start: welcome", "start: welcome\ncaller: who", 1),
    "actions": ACTIONS
    + "who: {database: elsewhere, arguments: {number: text}, sql: 'SELECT :number'}\n",
}
"""The application, where it asks who calls."""


def test_a_history_is_told_as_in_a_call(run: Run) -> None:
    report = run(
        """
        setup: {today: 2026-11-21}
        tests:
          a:
            setup:
              history:
                - {days_ago: 6, matter: {about: order, number: "7"}}
                - {days_ago: 2, outcome: self_served, matter: {about: return, open: false}}
            talk:
              - variables: {history.contacts: 2, history.last.about: return}
                holds:
                  - history.last.when == '2026-11-19' and history.last.outcome == 'self_served'
                  - history.open.about == 'order' and history.open.number == 7
                  - history.open.days_ago == 6
          b:
            setup: {history: []}
            talk: [{holds: history.contacts == 0}]
          c:
            talk: [{holds: history == null}]
        """,
        **KNOWING,
    )
    assert [str(failure) for result in report.results for failure in result.failures] == []
    assert len(report.results) == 3


def test_who_calls_is_asked_of_the_tests_own_answers(run: Run) -> None:
    report = run(
        """
        setup:
          actions: {who: {when: {number: "+15550117"}, result: {id: 17}}}
        tests:
          known:
            setup: {facts: {caller: "0015550117"}}
            talk: [{variables: {customer.id: 17}}]
          failing:
            setup: {facts: {caller: "+15550117"}, actions: {who: {fails: busy}}}
            talk: [{holds: customer == null}]
          given:
            setup: {facts: {caller: "+15550117", customer: {id: 18}}}
            talk: [{variables: {customer.id: 18}}]
          withheld:
            setup: {facts: {caller: anonymous}}
            talk: [{holds: customer == null}]
        """,
        **KNOWING,
    )
    assert [str(failure) for result in report.results for failure in result.failures] == []
    assert len(report.results) == 4


def test_who_calls_must_be_answered_where_a_number_is_given(run: Run) -> None:
    report = run(
        """
        tests:
          a:
            setup: {facts: {caller: "+15550117"}}
            talk: [{step: question}]
        """,
        **KNOWING,
    )
    (failure,) = report.results[0].failures
    assert "nothing answers the action 'who' here" in failure.problem


@pytest.mark.parametrize(
    ("history", "problem"),
    [
        ("{days_ago: 1}", "a history is a list of contacts"),
        ("[{days: 1}]", "unknown key in a contact: 'days'"),
        ("[{days_ago: -1}]", "expected a whole number"),
        ("[{days_ago: 400}]", "expected a whole number"),
        ("[{outcome: served}]", "'served' is no outcome"),
        ("[{matter: return}]", "expected a mapping"),
        ("[{matter: {number: 1}}]", "the matter has no 'about'"),
    ],
)
def test_a_faulty_history_is_told(run: Run, history: str, problem: str) -> None:
    report = run(
        f"""
        tests:
          a:
            setup: {{history: {history}}}
            talk: [{{step: question}}]
        """
    )
    (told,) = report.problems
    assert problem in told.problem
