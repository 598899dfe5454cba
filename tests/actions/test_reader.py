"""``actions.yaml``: every problem has its place and its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.actions.conftest import APPLICATION
from voicebot.actions.reader import read_actions

SQL = "a:\n  database: shop\n  sql: SELECT 1\n"
POST = "a:\n  http: POST http://h/x\n"


def _problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "actions.yaml"
    file.write_text(text, encoding="utf-8")
    problems = read_actions(file, frozenset({"shop"})).problems
    return [str(problem).replace(str(file), "F") for problem in problems]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a\n", "F:1:1: expected names with their actions, not a list"),
        ("a: 1\n", "F:1:1: action 'a' has no keys"),
        ("a b: {sql: x}\n", "F:1:1: 'a b' is no name of an action"),
        (
            "history: {database: shop, sql: SELECT 1}\n",
            "F:1:1: voicebot has an action 'history' itself. Use another name.",
        ),
        (
            "a: {database: shop}\n",
            "F:1:1: action 'a' has none of sql, http, python",
        ),
        (SQL + "  http: GET http://h/\n", "F:1:1: action 'a' has sql and http"),
        (SQL + "  reslt: one\n", "F:4:3: unknown key 'reslt'. Did you mean 'result'?"),
        (SQL + "  headers: {}\n", "F:4:3: unknown key 'headers'"),
        (SQL + "  result: first\n", "F:4:11: 'result' cannot be 'first'"),
        (SQL + "  timeout_ms: 0\n", "F:4:15: 'timeout_ms' has no use for this value"),
        (SQL + "  timeout_ms: true\n", "F:4:15: 'timeout_ms' has no use for this value"),
        (SQL + "  changes: 1\n", "F:4:12: 'changes' must be true or false, not a number"),
        (SQL + "  arguments: {n: string}\n", "F:4:18: an argument's kind cannot be 'string'"),
        (SQL + "  arguments: {n: digits}\n", "F:4:15: argument 'n' is not used"),
        (SQL + "  arguments: [n]\n", "F:4:14: 'arguments' must be a mapping, not a list"),
        ("a: {database: shp, sql: SELECT 1}\n", "F:1:15: database 'shp' does not exist. Did you"),
        ("a: {sql: SELECT 1}\n", "F:1:1: 'database' is missing"),
        ("a: {database: shop, sql: ' '}\n", "F:1:26: the statement is empty"),
        (
            "a:\n  database: shop\n  sql: SELECT :numbr\n  arguments: {number: digits}\n",
            "F:3:8: ':numbr' is not among the arguments. Did you mean 'number'?",
        ),
        (
            "a:\n  database: shop\n  sql: |\n    -- gone\n    DELETE FROM t\n",
            "F:3:8: the statement changes data, but the action does not. Add 'changes: true'.",
        ),
        ("a: {http: http://h/}\n", "F:1:11: no method and URL"),
        ("a: {http: FETCH http://h/}\n", "F:1:11: no method and URL"),
        ("a: {http: GET ftp://h/}\n", "F:1:11: the URL must begin with http:// or https://"),
        (
            "a:\n  http: GET http://{h}/\n  arguments: {h: text}\n",
            "F:2:9: the URL must begin with http:// or https:// and a host without arguments",
        ),
        (
            "a:\n  http: GET http://x{h}.com/\n  arguments: {h: text}\n",
            "F:2:9: the URL must begin",
        ),
        ("a: {http: 'GET http://h/{n'}\n", "F:1:11: the URL holds a '{' that belongs to no"),
        ("a: {http: 'GET http://h/{n}'}\n", "F:1:11: '{n}' is not among the arguments"),
        ("a: {http: GET http://h/, json: {}}\n", "F:1:32: a GET carries no body"),
        (POST + "  json: {a: '}'}\n", "F:3:9: 'json' holds a '}' that belongs to no"),
        (POST + "  retries: 2\n", "F:3:12: what is tried again may be done twice. Add 'idemp"),
        (
            SQL + "  changes: true\n  retries: 1\n",
            "F:5:12: ",
        ),
        (SQL + "  once: true\n", "F:4:9: an action that only reads is done each time"),
        (SQL + "  python: shop.f\n", "F:1:1: action 'a' has sql and python"),
        (
            "a:\n  database: shop\n  sql: SELECT :idempotency_key\n",
            "F:3:8: ':idempotency_key' is not among the arguments. Only an action with 'changes",
        ),
        (
            SQL + "  changes: true\n  arguments: {idempotency_key: text}\n",
            "F:5:15: 'idempotency_key' is what every action that changes data has",
        ),
        (POST + "  retries: 9\n", "F:3:12: 'retries' has no use for this value"),
        (POST + "  headers: {'a b': c}\n", "F:3:13: 'a b' is no name of a header"),
        (POST + "  headers: {A: [1]}\n", "F:3:16: header 'A' must be text, not a list"),
        (POST + "  expect: [200, 99]\n", "F:3:17: 'expect' has no use for this value"),
    ],
)
def test_a_problem_is_told_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    problems = _problems(tmp_path, text)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_all_problems_are_told(tmp_path: Path) -> None:
    problems = _problems(tmp_path, SQL + "  a: 1\n  b: 2\nb: 1\nc: {sql: SELECT 1}\n")
    assert [problem.split(":")[1] for problem in problems] == ["4", "5", "6", "7"]


def test_without_a_file_there_are_no_actions(tmp_path: Path) -> None:
    actions = read_actions(tmp_path / "actions.yaml", frozenset())
    assert (dict(actions.definitions), actions.problems) == ({}, ())


def test_an_empty_file_holds_no_actions(tmp_path: Path) -> None:
    assert _problems(tmp_path, "# nothing yet\n") == []


def test_any_database_will_do_when_none_are_known(tmp_path: Path) -> None:
    file = tmp_path / "actions.yaml"
    file.write_text(SQL, encoding="utf-8")
    assert read_actions(file, None).problems == ()


def test_a_host_may_come_from_the_environment(tmp_path: Path) -> None:
    text = "a:\n  http: GET ${env:SHOP}/x\nb:\n  http: GET https://${env:HOST}:8443/x\n"
    file = tmp_path / "actions.yaml"
    file.write_text(text, encoding="utf-8")
    actions = read_actions(file, None)
    assert actions.problems == ()
    assert actions.variables == {"SHOP", "HOST"}


def test_signatures_tell_what_must_be_passed(tmp_path: Path) -> None:
    file = tmp_path / "actions.yaml"
    file.write_text(
        "a:\n  database: shop\n  sql: SELECT :x, :y\n  arguments: {x: digits, y: text?}\n",
        encoding="utf-8",
    )
    assert read_actions(file, None).signatures == {"a": {"x": True, "y": False}}


def test_the_demos_actions_are_sound() -> None:
    file = APPLICATION / "flows" / "actions.yaml"
    actions = read_actions(file, frozenset({"shop"}), APPLICATION / "actions")
    assert actions.problems == ()
    assert set(actions.definitions) == {
        "cancel_order",
        "find_customer",
        "find_order",
        "find_return",
        "open_return",
        "promotions",
        "return_label",
    }
    assert all(action.description for action in actions.definitions.values())
