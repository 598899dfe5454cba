"""A made-up month in a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.traffic.small_shop import make_small_shop
from voicebot.cli.main import app
from voicebot.errors import StorageError, UsageError

MONTH = ("demo-data", "--contacts", "60", "--days", "3", "--until", "2026-11-20")
BETWEEN = ("--from", "2026-11-17", "--to", "2026-11-20")


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICEBOT_SERVER__APPLICATION", str(make_small_shop(tmp_path)))
    monkeypatch.setenv("VOICEBOT_SERVER__DATA", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_month_is_counted_as_real_calls_are(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "60 calls" in _run(*MONTH)
    url = f"sqlite+aiosqlite:///{shop / 'var' / 'demo' / 'voicebot.db'}"
    monkeypatch.setenv("VOICEBOT_STORAGE__URL", url)
    said = _run("report", *BETWEEN)
    assert said.startswith("60 contacts\n")
    assert "occupancy                  0.0 %" not in said


def test_real_calls_are_not_mixed_with_made_up_ones() -> None:
    _run(*MONTH)
    with pytest.raises(StorageError, match="has calls already"):
        _run(*MONTH)
    assert "60 calls" in _run(*MONTH, "--mix", "--seed", "2")


def test_another_application_is_told_apart(shop: Path) -> None:
    flow = "language: en-US\nstart: end\nsteps:\n  end:\n    hangup: self_served\n"
    (shop / "flows" / "main.yaml").write_text(flow)
    with pytest.raises(UsageError, match="the demo shop alone"):
        _run(*MONTH)
