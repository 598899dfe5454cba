"""The list of commands: complete, and cheap."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from voicebot.cli.deferred import Deferred
from voicebot.cli.main import COMMANDS, app

HEAVY = {"onnxruntime", "fastapi", "sqlalchemy", "numpy", "pydantic", "httpx", "piper", "vosk"}
ROOM = Path(__file__).parents[2] / "voicebot/cli"


def test_help_lists_every_command_and_imports_no_engine() -> None:
    code = (
        "import sys, json; from voicebot.cli.main import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    *shown, loaded = done.stdout.splitlines()
    assert not HEAVY & set(json.loads(loaded))
    assert {command.name for command in COMMANDS} <= set(re.findall(r"[\w-]+", "\n".join(shown)))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_can_be_called(command: Deferred) -> None:
    result = CliRunner().invoke(app, [command.name, "--help"])
    assert result.exit_code == 0
    assert "Usage: voicebot " + command.name in result.output


def test_no_command_is_forgotten() -> None:
    """A file that makes a command is in the list."""
    makers = {
        file.stem
        for file in ROOM.glob("*.py")
        if "typer.Argument(" in (text := file.read_text(encoding="utf-8"))
        or "typer.Option(" in text
    }
    listed = {command.target.partition(":")[0] for command in COMMANDS}
    shared = {"main", "audio_inputs"}  # hold options of several commands
    assert makers - shared <= listed


def test_subcommands_are_reached() -> None:
    result = CliRunner().invoke(app, ["grammar", "parse", "--help"])
    assert result.exit_code == 0
    assert "--text" in result.output


def test_mistyped_command_suggests_the_nearest() -> None:
    result = CliRunner().invoke(app, ["gramar"])
    assert result.exit_code == 2
    assert "Did you mean 'grammar'?" in result.output
