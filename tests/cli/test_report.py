"""The ledger on the terminal and as a file."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.storage.made_up import MadeUp, store
from voicebot.cli.main import app
from voicebot.errors import UsageError
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade
from voicebot.types import Outcome

NOON = 1_795_262_400.0
"""2026-11-21T12:00Z"""
DAY = ("--from", "2026-11-21", "--to", "2026-11-22")


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    monkeypatch.setenv("VOICEBOT_STORAGE__URL", url)
    monkeypatch.chdir(tmp_path)

    async def fill() -> None:
        await upgrade(url)
        engine = open_database(url)
        waits = {"queue": "support", "waited_s": 4.0}
        await store(
            engine,
            [
                MadeUp(NOON, number="+15550100"),
                MadeUp(NOON + 1, flow="sales"),
                MadeUp(NOON + 2, Outcome.TRANSFERRED, agent="ann", **waits),  # type: ignore[arg-type]
                MadeUp(NOON + 86_400),
            ],
        )
        await engine.dispose()

    asyncio.run(fill())


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.usefixtures("records")
def test_a_report_tells_rates() -> None:
    said = _run("report", *DAY)
    assert said.startswith("3 contacts\n")
    assert "containment                66.7%" in said
    assert "asa_s                      4.0 s" in said
    assert "first_contact_resolution   -" in said


@pytest.mark.usefixtures("records")
def test_a_report_is_split_and_counted_anew() -> None:
    told = json.loads(_run("report", *DAY, "--by", "flow", "--rebuild", "--json"))
    assert [(row["value"], row["contacts"]["contacts"]) for row in told["rows"]] == [
        ("main", 2),
        ("sales", 1),
    ]
    told = json.loads(_run("report", *DAY, "--only", "flow=sales", "--every", "day", "--json"))
    assert told["whole"]["contacts"]["contacts"] == 1
    assert told["rows"][0]["period"] == "2026-11-21"


@pytest.mark.usefixtures("records")
def test_days_are_those_of_the_zone() -> None:
    # 12:00 UTC of the 22nd is the 23rd in Kiritimati, 14 hours ahead.
    told = json.loads(_run("report", "--from", "2026-11-23", "--to", "2026-11-24", "--json"))
    assert told["whole"]["contacts"]["contacts"] == 0
    arguments = ("--from", "2026-11-23", "--to", "2026-11-24", "--zone", "Pacific/Kiritimati")
    told = json.loads(_run("report", *arguments, "--json"))
    assert told["whole"]["contacts"]["contacts"] == 1


@pytest.mark.usefixtures("records")
def test_contacts_are_exported() -> None:
    _run("export", *DAY, "-o", "contacts.csv")
    with Path("contacts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["outcome"] for row in rows] == ["self_served", "self_served", "transferred"]
    assert rows[0]["caller"] == "'+15550100"
    assert _run("export", *DAY).splitlines()[0] == ",".join(rows[0])
    noted = [json.loads(line) for line in _run("audit", "--json").splitlines()]
    assert [(each["deed"], each["what"]) for each in noted] == [
        ("contacts exported", "2026-11-21 00:00 to 2026-11-22 00:00 UTC")
    ] * 2


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize(
    "arguments, said",
    [
        (("--only", "quue=support"), "there are direction, door"),
        (("--only", "queue"), "write it as queue=support"),
        (("--zone", "Europe/Atlantis"), "no such time zone"),
        (("--from", "2026-11-21", "--to", "2026-11-20"), "end after it begins"),
    ],
)
def test_what_makes_no_sense_is_told(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        _run("report", *arguments)
