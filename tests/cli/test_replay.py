"""``voicebot replay`` on a database of calls."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from voicebot.cli.replay import replay_calls
from voicebot.errors import UsageError
from voicebot.events import (
    CallAnswered,
    CallEnded,
    CallEvent,
    CallStarted,
    TurnFinished,
    TurnResult,
)
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.migrations import upgrade
from voicebot.types import CallId, Heard, Language, Mode, Outcome

PROJECT = Path(__file__).parents[2]
ID = CallId("call-1")
HOURS = Heard("opening hours", {"intent": "hours"}, 0.9, Mode.SPEECH, "request")
STRANGE = Heard("when do you shut", None, 0.2, Mode.SPEECH)

app = typer.Typer()
app.command()(replay_calls)


def play(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def turn(index: int, step: str, result: TurnResult, heard: Heard | None = None) -> CallEvent:
    return TurnFinished(ID, 1000.0 + 10 * index, index, step, "…", result, heard, None)


CALL: tuple[CallEvent, ...] = (
    CallStarted(ID, 1000.0, "sip", "alice", "shop", "main", Language("en-US")),
    CallAnswered(ID, 1001.0),
    turn(1, "main_menu", TurnResult.NOMATCH, STRANGE),
    turn(2, "main_menu", TurnResult.MATCH, HOURS),
    turn(3, "anything_else", TurnResult.SAID),
    CallEnded(ID, 1050.0, Outcome.SELF_SERVED, "caller hung up"),
)


@pytest.fixture(autouse=True)
def _database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record of one call, in the settings' place."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    monkeypatch.setenv("VOICEBOT_STORAGE__URL", url)

    async def write() -> None:
        await upgrade(url)
        engine = open_database(url)
        journal = SqlJournal(engine)
        await journal.start()
        for event in CALL:
            journal.append(event)
        await journal.stop()
        await engine.dispose()

    asyncio.run(write())


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """The demo, which now understands what the caller said first."""
    for name in ("flows", "grammars", "actions"):
        shutil.copytree(PROJECT / name, tmp_path / "edited" / name)
    grammar = tmp_path / "edited" / "grammars" / "request.gram"
    grammar.write_text(
        grammar.read_text().replace(
            "| how late are you open;", "| how late are you open | when do you shut;"
        )
    )
    return tmp_path / "edited"


def test_same_application_changes_nothing() -> None:
    result = play(PROJECT, "--json")

    report = json.loads(result.output)
    assert result.exit_code == 0
    assert [call["changed"] for call in report["calls"]] == [False]
    assert report["before"] == report["after"]


def test_what_an_edit_changes_is_shown(edited: Path) -> None:
    result = play(edited)

    assert result.exit_code == 0
    assert "call call-1" in result.output
    assert "turn 1: nomatch at main_menu, on to main_menu" in result.output
    assert 'now: match at main_menu {"intent": "hours"}, on to anything_else' in result.output
    lines = [line.split() for line in result.output.splitlines()]
    assert ["recognised", "1", "2", "+1"] in lines
    assert "1 of 1 calls take another way." in result.output


def test_two_applications_are_compared(edited: Path) -> None:
    report = json.loads(play(edited, "--before", PROJECT, "--json").output)

    assert report["before"]["recognised"] == 1
    assert report["after"]["recognised"] == 2
    assert report["calls"][0]["first_difference"] == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--call", "call-9"], "there is no such call"),
        (["--since", "2026-11-21"], "no recorded call"),
        (["--since", "soon"], "this is no day"),
    ],
)
def test_wrong_use_is_told(arguments: list[str], problem: str) -> None:
    result = play(PROJECT, *arguments)

    assert isinstance(result.exception, UsageError)
    assert problem in str(result.exception)


def test_call_is_picked_by_its_id() -> None:
    assert json.loads(play(PROJECT, "--call", ID, "--json").output)["calls"][0]["id"] == ID
