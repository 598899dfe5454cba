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
    MatterNoted,
    TurnFinished,
    TurnResult,
)
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.migrations import upgrade
from voicebot.types import CallId, Heard, Language, Matter, Mode, Outcome

PROJECT = Path(__file__).parents[2]
ID = CallId("call-1")
HOURS = Heard("opening hours", {"intent": "hours"}, 0.9, Mode.SPEECH, "request")
STRANGE = Heard("is it going to rain", None, 0.2, Mode.SPEECH)

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

    asyncio.run(upgrade(url))
    write(tmp_path, *CALL)


def write(folder: Path, *events: CallEvent) -> None:
    """Add to the record."""

    async def on_the_loop() -> None:
        engine = open_database(f"sqlite:///{folder / 'calls.db'}")
        journal = SqlJournal(engine)
        await journal.start()
        for event in events:
            journal.append(event)
        await journal.stop()
        await engine.dispose()

    asyncio.run(on_the_loop())


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """The demo, which now understands what the caller said first."""
    for name in ("flows", "grammars", "intents", "knowledge", "actions"):
        shutil.copytree(PROJECT / name, tmp_path / "edited" / name)
    grammar = tmp_path / "edited" / "grammars" / "request.gram"
    grammar.write_text(
        grammar.read_text().replace(
            "| how late are you open;", "| how late are you open | is it going to rain;"
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


def test_a_returning_caller_is_as_known_as_then(tmp_path: Path) -> None:
    """Three calls from one number; what came after the second one is not known to it."""
    yes = Heard("yes", True, 0.9, Mode.SPEECH, "builtin:boolean")
    number = "+15550117"

    def call(name: str, at: float, matter: Matter, *turns: CallEvent) -> list[CallEvent]:
        of = CallId(name)
        began = CallStarted(of, at, "sip", number, "shop", "main", Language("en-US"))
        noted = MatterNoted(of, at + 2, matter)
        ended = CallEnded(of, at + 60, Outcome.ABANDONED_IN_FLOW, "caller hung up")
        return [began, CallAnswered(of, at + 1), noted, *turns, ended]

    second = CallId("second")
    greeted = TurnFinished(second, 90_010, 1, "about_damaged", "…", TurnResult.MATCH, yes, None)
    asked = TurnFinished(
        second, 90_020, 2, "damaged.what_happened", "…", TurnResult.NOINPUT, None, None
    )
    damaged = Matter("damaged", {}, open=True)
    write(
        tmp_path,
        *call("first", 1000, damaged),
        *call("second", 90_000, damaged, greeted, asked),
        *call("third", 180_000, Matter("damaged", {}, open=False)),
    )

    report = json.loads(play(PROJECT, "--json", "--call", "second").output)

    (replayed,) = report["calls"]
    assert replayed["after"]["turns"][0]["step"] == "about_damaged"
    assert not replayed["changed"], replayed


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
