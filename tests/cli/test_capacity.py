"""``voicebot capacity``, with made-up measurements."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from voicebot.capacity.estimate import Costs
from voicebot.cli import capacity
from voicebot.cli.main import app


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = Costs(cores=2, frames=0.005, decode=0.5, speech=0.1, worker_mb=100, free_mb=9000)
    monkeypatch.setattr(capacity, "_measure", lambda settings, seconds: costs)


def test_says_how_many_calls_and_why() -> None:
    result = CliRunner().invoke(app, ["capacity"])
    assert result.exit_code == 0
    assert "about 19 calls at once; recognition is the limit" in result.output
    assert "max_calls = 19" in result.output
    assert "Settings admit 30" in result.output


def test_gives_everything_as_json() -> None:
    result = CliRunner().invoke(app, ["capacity", "--json", "--turn-every", "24"])
    report = json.loads(result.output)
    assert (report["calls"], report["limit"]) == (38, "recognition")
    assert report["habits"]["turn_every_s"] == 24
    assert {part["name"] for part in report["parts"]} > {"audio", "recognition", "synthesis"}
    assert report["costs"]["worker_mb"] == 100


def test_nonsense_is_used_wrongly() -> None:
    assert CliRunner().invoke(app, ["capacity", "--turn-every", "0"]).exit_code == 2
