"""Statements that are looked at on the sample database before any call runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.actions.reader import read_actions
from voicebot.actions.sample_check import sample_problems

SCRIPT = "CREATE TABLE item (id INTEGER, title TEXT);\nINSERT INTO item VALUES (1, 'lamp');\n"


def problems(folder: Path, statement: str, script: str = SCRIPT, *, more: str = "") -> list[str]:
    (folder / "shop.sql").write_text(script)
    actions = folder / "actions.yaml"
    actions.write_text(
        f"find:\n  database: shop\n  arguments: {{id: integer}}\n{more}  sql: {statement}\n"
    )
    read = read_actions(actions, frozenset({"shop"}))
    assert not read.problems
    scripts = {"shop": folder / "shop.sql"}
    found = sample_problems(read.definitions, read.statements, scripts)
    return [str(each).replace(f"{folder}/", "") for each in found]


@pytest.mark.parametrize(
    ("statement", "more"),
    [
        ("SELECT title FROM item WHERE id = :id", ""),
        ('"SELECT title FROM item WHERE title REGEXP :id"', ""),
        ("\"SELECT '\\\\:x' || title FROM item WHERE id = :id\"", ""),
        ("UPDATE item SET title = 'x' WHERE id = :id", "  changes: true\n"),
    ],
)
def test_a_statement_that_sqlite_understands_is_fine(
    tmp_path: Path, statement: str, more: str
) -> None:
    assert problems(tmp_path, statement, more=more) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("SELECT titel FROM item WHERE id = :id", "no such column: titel. Did you mean 'title'?"),
        ("SELECT title FROM itm WHERE id = :id", "no such table: itm. Did you mean 'item'?"),
        ("SELEC title FROM item WHERE id = :id", 'near "SELEC": syntax error. shop.sql makes the'),
    ],
)
def test_one_that_it_does_not_is_named_with_its_place(
    tmp_path: Path, statement: str, told: str
) -> None:
    (problem,) = problems(tmp_path, statement)
    assert problem.startswith("actions.yaml:4:8: SQLite refuses the statement: ")
    assert told in problem


def test_a_script_that_sqlite_refuses_is_told_once(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "SELECT title FROM item WHERE id = :id", "CREAT TABLE item;\n")
    assert problem.startswith("shop.sql:1:1: SQLite refuses the statement that begins here")
