"""docs/designing.md names every command, and its examples work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from voicebot.cli.check import check
from voicebot.cli.main import app
from voicebot.cli.new import new
from voicebot.grammar.store import load_file

PAGE = (Path(__file__).parents[2] / "docs" / "designing.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app)


def test_every_command_is_in_the_table() -> None:
    table = PAGE.partition("## All commands")[2]
    named = re.findall(r"^\| `voicebot ([\w-]+)", table, re.MULTILINE)

    assert isinstance(COMMANDS, typer.core.TyperGroup)
    assert sorted(set(COMMANDS.commands) - set(named)) == []


def _blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [block for name, block in fenced if name == language]


def test_the_tutorial_can_be_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maker, checker = typer.Typer(), typer.Typer()
    maker.command()(new)
    checker.command()(check)
    folder = tmp_path / "workshop"
    assert CliRunner().invoke(maker, [str(folder)]).exit_code == 0
    monkeypatch.chdir(folder)
    plain = _blocks("")
    assert CliRunner().invoke(checker).output == plain[0]

    grammar, flow = folder / "grammars" / "request.gram", folder / "flows" / "main.yaml"
    rules = next(block for block in plain if block.startswith("public $request"))
    old = grammar.read_text()
    head, rest = old.split("public $request", 1)
    grammar.write_text(head + rules + rest.partition(";\n")[2])
    assert load_file(grammar)

    routes, step, conversation = _blocks("yaml")
    before = routes.replace("      rental: tell_rental\n", "")
    text = flow.read_text()
    assert before in text
    text = text.replace(before, routes).replace("  # Repairs\n", f"{step}\n  # Repairs\n")
    text = text.replace(
        "      hours: tell_hours\n\n  # A person",
        "      hours: tell_hours\n      rental: tell_rental\n\n  # A person",
    )
    flow.write_text(text)
    told = next(block for block in plain if "ask_mor'" in block)
    assert CliRunner().invoke(checker).output.splitlines()[0] == told.strip()

    flow.write_text(text.replace("next: ask_mor\n", "next: ask_more\n"))
    result = CliRunner().invoke(checker, ["--strict"])
    assert (result.exit_code, len(result.output.splitlines())) == (0, 1), result.output
    file = (folder / "conversations" / "main.yaml").read_text()
    assert conversation.splitlines()[1] in file  # the same shape as those that are there
