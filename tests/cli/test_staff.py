"""``voicebot staff``: a plan from a table or from the records of calls."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.storage.facts import started
from voicebot.cli.staff import staff
from voicebot.errors import SourceError, StorageError, UsageError
from voicebot.events import CallEnded, CallEvent
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.migrations import upgrade
from voicebot.types import CallId, Outcome

app = typer.Typer()
app.command()(staff)

TABLE = "start,contacts,handling_s\n09:00,100,180\n09:30,360,240\n"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("day.csv").write_text(TABLE)


def planned(*options: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(app, [*options, "--json"], catch_exceptions=False)
    intervals: list[dict[str, object]] = json.loads(result.output)["intervals"]
    return intervals


def test_a_table_is_planned_with_erlang_c() -> None:
    options = ["day.csv", "--service-level", "84", "--within", "15", "--shrinkage", "30"]
    morning, later = planned(*options)
    assert (morning["agents"], later["agents"]) == (14, 55)
    assert (morning["scheduled"], later["scheduled"]) == (20, 79)
    assert later["service_level"] == pytest.approx(0.8459, abs=5e-5)


def test_patience_makes_it_erlang_a() -> None:
    result = CliRunner().invoke(
        app, ["day.csv", "--patience", "300", "--abandonment", "2", "--json"]
    )
    report = json.loads(result.output)
    assert report["formula"] == "Erlang A"
    assert report["intervals"][0]["agents"] == 14
    assert report["intervals"][0]["abandoned"] == pytest.approx(0.01398, abs=5e-6)


def test_a_person_reads_a_table() -> None:
    result = CliRunner().invoke(app, ["day.csv", "--shrinkage", "30"])
    assert result.exit_code == 0
    assert "within 20 s" in result.output
    assert "100.0" in result.output
    assert "At most" in result.output


def test_a_week_is_averaged_over_the_calls_for_a_person() -> None:
    def call(name: str, day: int, outcome: Outcome) -> list[CallEvent]:
        at = datetime(2026, 6, day, 7, 10, tzinfo=UTC).timestamp()
        return [started(name, at=at), CallEnded(CallId(name), at + 60, outcome, "")]

    async def write() -> None:
        await upgrade("sqlite:///calls.db")
        engine = open_database("sqlite:///calls.db")
        journal = SqlJournal(engine)
        await journal.start()
        for index, day in enumerate((1, 1, 1, 8)):
            for event in call(f"c{index}", day, Outcome.TRANSFERRED):
                journal.append(event)
        for event in call("served", 8, Outcome.SELF_SERVED):
            journal.append(event)
        await journal.stop()
        await engine.dispose()

    asyncio.run(write())
    options = ["--database", "sqlite:///calls.db", "--zone", "Europe/Berlin"]
    (monday,) = planned(*options)
    assert (monday["start"], monday["contacts"]) == ("Mon 09:00", 2.0)
    assert planned(*options, "--all-calls")[0]["contacts"] == 2.5
    (late,) = planned(*options, "--since", "2026-06-05")
    assert late["contacts"] == 1.0


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "bad.csv: is empty. Begin with a line"),
        ("start;contact\n", "bad.csv:1:7: 'contact' is no column of this table"),
        ("start\n", "bad.csv:1:1: the column 'contacts' is missing"),
        ("start,contacts\n09:00,many\n", "bad.csv:2:7: 'many' is no number that can be used"),
        ('start,contacts\n\n"9, first",-1\n', "bad.csv:3:12: '-1' is no number"),
        ("start,contacts\n09:00,1,2\n", "bad.csv:2:10: 3 values stand here, and the header has 2"),
        ("start,contacts,handling_s\n09:00,1,0\n", "bad.csv:2:9: '0' is no number"),
    ],
)
def test_a_bad_table_is_told_with_its_place(text: str, message: str) -> None:
    Path("bad.csv").write_text(text)
    with pytest.raises(SourceError) as caught:
        CliRunner().invoke(app, ["bad.csv"], catch_exceptions=False)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "options, kind, message",
    [
        (["gone.csv"], SourceError, "cannot be read"),
        (["--database", "sqlite:///gone.db"], StorageError, "no such file"),
        (["day.csv", "--abandonment", "2"], UsageError, "needs --patience"),
        (["day.csv", "--interval", "7"], UsageError, "take 15, 30 or 60"),
        (["day.csv", "--all-calls"], UsageError, "not a table"),
        (["--zone", "Mars"], UsageError, "no such time zone"),
    ],
)
def test_wrong_use_is_told(options: list[str], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        CliRunner().invoke(app, options, catch_exceptions=False)
