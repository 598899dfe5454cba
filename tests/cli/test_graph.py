"""``voicebot graph``."""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from voicebot.cli.graph import graph
from voicebot.errors import StorageError, UsageError
from voicebot.events import CallStarted, TurnFinished, TurnResult
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.migrations import upgrade
from voicebot.types import CallId, Heard, Language, Mode

PROJECT = str(Path(__file__).parents[2])

app = typer.Typer()
app.command()(graph)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def _write(url: str, *versions: str) -> None:
    await upgrade(url)
    engine = open_database(url)
    journal = SqlJournal(engine)
    await journal.start()
    hours = Heard("hours", {"intent": "hours"}, 1.0, Mode.SPEECH, "request")
    for number, version in enumerate(versions):
        call = CallId(f"c{number}")
        language = Language("en-US")
        at = 1_750_000_000.0 + number
        journal.append(
            CallStarted(call, at, "sip", "alice", "shop", "main", language, version=version)
        )
        said = "Welcome to Harbour Lane. What can I do for you?"
        match, hung_up = TurnResult.MATCH, TurnResult.HANGUP
        journal.append(TurnFinished(call, at, 1, "main_menu", said, match, hours, None))
        said = (
            "We are open Monday to Saturday, from nine a m to six p m. On Sundays we are closed. "
            "Is there anything else I can do for you?"
        )
        journal.append(TurnFinished(call, at, 2, "anything_else", said, hung_up, None, None))
    await journal.stop()
    await engine.dispose()


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    asyncio.run(_write(url, "", "5f0c3a9b71d2", "5f0c3a9b71d2"))
    return url


def test_svg_goes_to_standard_output_or_a_file() -> None:
    printed = CliRunner().invoke(app, [PROJECT])
    written = CliRunner().invoke(app, [PROJECT, "-o", "flow.svg"])

    assert ET.fromstring(printed.output).tag.endswith("svg")
    assert (written.exit_code, written.output) == (0, "")
    assert Path("flow.svg").read_text() == printed.output


@pytest.mark.parametrize("options", [["-o", "flow.mmd"], ["-o", "x", "--format", "mermaid"]])
def test_mermaid_is_chosen_by_the_name_or_by_format(options: list[str]) -> None:
    CliRunner().invoke(app, [PROJECT, *options])

    assert Path(options[1]).read_text().startswith("flowchart TD\n")


def test_calls_of_a_database_are_counted(database: str) -> None:
    drawn = CliRunner().invoke(app, [PROJECT, "--database", database, "-o", "flow.mmd"])
    late = ["--since", "2025-06-15T15:06:41"]
    since = CliRunner().invoke(app, [PROJECT, "--database", database, *late, "-o", "late.mmd"])

    assert "3 calls, 3 of them followed" in drawn.output
    picture = Path("flow.mmd").read_text()
    assert "hours · 3" in picture
    assert "request.intent == 'hours': 3" in picture
    assert "request.intent == 'return': 0" in picture
    assert "2 calls" in since.output


def test_calls_of_one_version_are_counted(database: str) -> None:
    options = ["--database", database, "--version", "5f0c3a9b71d2", "-o", "flow.mmd"]

    assert "2 calls, 2 of them" in CliRunner().invoke(app, [PROJECT, *options]).output


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        (["--flow", "mian"], UsageError, "Did you mean 'main'"),
        (["--version", "5f0c"], UsageError, "Name their --database"),
        (["-o", "nowhere/flow.svg"], UsageError, "cannot be written"),
        (["--database", "calls.db"], StorageError, "cannot be read"),
        (["--database", "sqlite:///nothing.db"], StorageError, "no such file"),
    ],
)
def test_what_cannot_be_done_is_told(options: list[str], error: type[Exception], said: str) -> None:
    result = CliRunner().invoke(app, [PROJECT, *options])

    assert isinstance(result.exception, error)
    assert said in str(result.exception)
    assert not Path("nothing.db").exists()
