"""One slip of a designer is one finding: what follows from it is not told as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.cli.check import Report, check_application
from voicebot.config import load_settings

APPLICATION = {
    "flows/main.yaml": """\
language: en-US
start: welcome
caller: find_customer
commands:
  grammar: commands
  steps: {operator: person}
steps:
  welcome:
    say: "Welcome, {caller.name}."
    next: ask
  ask:
    ask: What can I do for you?
    intents: true
    store: request
    next: {refund: refund, else: unknown}
  unknown:
    answer: "{request.text}"
    next: ask
  refund:
    call: refund
    next: person
  person:
    transfer: queue:support
    on_failure: bye
  bye:
    hangup: auto
""",
    "flows/refund.yaml": """\
start: tell
steps:
  tell: {say: "You asked for a {request.intent}.", next: back}
  back: {return: true}
""",
    "flows/zh-CN/main.yaml": """\
steps:
  welcome:
    say: 欢迎。
  ask:
    ask: 您需要什么？
""",
    "flows/zh-CN/refund.yaml": "steps:\n  tell: {say: 退款。}\n",
    "flows/actions.yaml": """\
find_customer:
  database: shop
  arguments: {number: text}
  sql: SELECT name FROM customer WHERE number = :number
""",
    "flows/shop.sql": "CREATE TABLE customer (name TEXT, number TEXT);\n",
    "grammars/commands.gram": "#ABNF 1.0 UTF-8;\nlanguage en-US;\nroot $c;\n$c = operator;\n",
    "intents/en-US.yaml": "intents:\n  refund:\n    examples: [i want my money back]\n",
    "intents/zh-CN.yaml": "intents:\n  refund:\n    examples: [我要退款]\n",
    "knowledge/en-US/gifts.md": "# Do you wrap gifts?\n\nYes, for free.\n",
    "knowledge/zh-CN/gifts.md": "# 你们包装礼物吗？\n\n是的，免费。\n",
    "queues.yaml": "queues:\n  support:\n    wrap_up_s: 5\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The application, in a folder without settings."""
    monkeypatch.chdir(tmp_path)
    for name, text in APPLICATION.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def less_weighty(report: Report) -> set[str]:
    return {str(each) for each in (*report.warnings, *report.advice)}


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("flows/main.yaml", "next: ask\n  ask", "next: aks\n  ask", "'ask'?"),
        ("flows/main.yaml", "start: welcome", "start: welcom", "Did you mean 'welcome'?"),
        ("flows/main.yaml", "    next: ask\n", "    nxt: ask\n", "Did you mean 'next'?"),
        ("flows/main.yaml", "ask:\n    ask:", "ask:\n    ask", "Write ': ' after the key"),
        ("flows/main.yaml", "language: en-US", "language: english", "not a language such as"),
        ("flows/main.yaml", "grammar: commands", "grammar: comands", "'commands'?"),
        ("flows/refund.yaml", "steps:", "step:", "Did you mean 'steps'?"),
        ("flows/zh-CN/main.yaml", "  welcome:", "  welcome", "Write ': ' after the key in line"),
        ("flows/actions.yaml", "database:", "databse:", "Did you mean 'database'?"),
        ("flows/actions.yaml", "{number: text}", "{number: txt}", "Did you mean 'text'?"),
        ("flows/actions.yaml", "find_customer:", "find_customer", "mapping values"),
        ("flows/actions.yaml", "FROM customer", "FROM custmer", "Did you mean 'customer'?"),
        ("flows/shop.sql", "CREATE", "CREAT", "shop.sql:1:1: SQLite refuses"),
        ("intents/en-US.yaml", "examples:", "exampels:", "Did you mean 'examples'?"),
        ("intents/en-US.yaml", "intents:", "intent:", "Did you mean 'intents'?"),
        ("knowledge/en-US/gifts.md", "# Do", "Do", "Write the question above it"),
        ("queues.yaml", "queues:", "queue:", "Did you mean 'queues'?"),
        ("queues.yaml", "wrap_up_s", "wrapup_s", "Did you mean 'wrap_up_s'?"),
    ],
)
def test_one_slip_is_one_finding(folder: Path, file: str, old: str, new: str, told: str) -> None:
    before = check_application(folder, load_settings())
    assert before.problems == []
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    found = check_application(folder, load_settings())

    (problem,) = found.problems
    assert told in str(problem)
    assert less_weighty(found) - less_weighty(before) == set()


def test_a_rule_that_asks_for_what_is_set_nowhere_is_a_warning(folder: Path) -> None:
    rules = "rules:\n  - {when: mod == 'angry' and contacts > 1 and request != null, priority: 1}\n"
    (folder / "queues.yaml").write_text(APPLICATION["queues.yaml"] + rules)

    found = check_application(folder, load_settings())

    assert found.problems == []
    told = [str(each) for each in found.warnings if "a rule asks" in str(each)]
    assert [each.removeprefix(f"{folder}/") for each in told] == [
        "queues.yaml:5:12: a rule asks for 'mod', which is set nowhere. Did you mean 'mood'?"
    ]


def test_settings_are_checked_against_flows_and_queues(folder: Path) -> None:
    (folder / "voicebot.toml").write_text(
        '[calls]\nflow = "mian"\n[agents.anna]\nqueues = ["suport", "support"]\n'
    )

    assert [str(each) for each in check_application(folder, load_settings()).problems] == [
        "agents.anna.queues: there is no queue 'suport'. Did you mean 'support'?",
        "calls.flow: there is no flow 'mian'. Did you mean 'main'?",
    ]
