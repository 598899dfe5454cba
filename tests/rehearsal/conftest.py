"""A small application, and runs of the tests that a test writes for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from voicebot.actions.reader import read_actions
from voicebot.cli.try_ import typed_input
from voicebot.flows.reader import load_flows
from voicebot.grammar.store import GrammarStore
from voicebot.queues.reader import load_queues
from voicebot.rehearsal.model import ConversationTest
from voicebot.rehearsal.sandbox import Sandbox
from voicebot.rehearsal.stage import Stage
from voicebot.rehearsal.suite import Report, Suite
from voicebot.rehearsal.typed import TypedCall
from voicebot.rehearsal.witness import Witness
from voicebot.types import Language

FLOW = """\
language: en-US
start: welcome
commands:
  grammar: commands
  keys: {"0": operator}
  steps: {operator: to_agent}
trouble: {next: give_up, in_a_row: 3, in_all: 5}
apology: My fault.
steps:
  welcome:
    say: Hello.
    next: question
  question:
    ask: Which fruit?
    grammar: fruit
    keys: {"1": apple}
    store: fruit
    noinput: [Are you there?, Still there?]
    nomatch: [Which fruit please?, What fruit is it?]
    confirm: {ask: "You said {answer}?", below: 0.5}
    next: {nothing: give_up, else: look_up}
  look_up:
    act: price
    arguments: {fruit: "{fruit}"}
    store: price
    next: dear
    on_error: sorry
  dear:
    branch:
      - if: price > 10
        next: too_dear
      - else: tell
  too_dear:
    say: That one is dear.
    next: tell
  tell:
    say: "It costs {price|number}, until {day|date}."
    served: true
    next: question
  sorry:
    say: I cannot look that up.
    next: question
  to_agent:
    say: I connect you.
    transfer: agents
    context: {fruit: "{fruit}"}
    on_failure: nobody
  nobody:
    set: {day: "2026-11-24"}
    say: Nobody is there.
    next: question
  give_up:
    say: Goodbye.
    bargein: false
    hangup: auto
"""
FRUIT = """\
#ABNF 1.0 UTF-8;
language en-US; root $fruit;
public $fruit = apple | pear | melon | nothing;
"""
COMMANDS = """\
#ABNF 1.0 UTF-8;
language en-US; root $command;
public $command = operator | help | repeat;
"""
ACTIONS = """\
price:
  arguments: {fruit: text}
  database: market
  sql: SELECT price FROM fruit WHERE name = :fruit
  result: value
"""
MARKET = """\
CREATE TABLE fruit (name TEXT PRIMARY KEY, price INTEGER);
INSERT INTO fruit VALUES ('apple', 3), ('pear', 4), ('melon', 12);
"""

Run = Callable[..., Report]


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """The application's folder."""
    for name, text in (
        ("flows/main.yaml", FLOW),
        ("flows/actions.yaml", ACTIONS),
        ("flows/market.sql", MARKET),
        ("grammars/fruit.gram", FRUIT),
        ("grammars/commands.gram", COMMANDS),
    ):
        file = tmp_path / "application" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "application"


@pytest.fixture
def run(market: Path, tmp_path: Path) -> Run:
    """Play the tests of a text; ``flow`` and ``actions`` replace files of the application."""

    def play(text: str, *, flow: str = FLOW, actions: str = ACTIONS) -> Report:
        (market / "flows" / "main.yaml").write_text(flow)
        (market / "flows" / "actions.yaml").write_text(actions)
        file = market / "conversations" / "talk.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(dedent(text))
        copies = tmp_path / "copies"
        copies.mkdir(exist_ok=True)
        typed = typed_input(GrammarStore(market / "grammars"))

        def opens(
            test: ConversationTest, witness: Witness, stage: Stage, language: Language
        ) -> TypedCall:
            return TypedCall(witness, typed, stage)

        read = read_actions(market / "flows" / "actions.yaml", None)
        suite = Suite(
            load_flows(market / "flows"),
            read,
            Sandbox(market, read, copies),
            flow="main",
            today=date(2026, 11, 21),
            opens=opens,
            queues=load_queues(market),
        )
        return asyncio.run(suite.run([file]))

    return play
