"""One conversation of the demo, spoken by flite and heard by the real recogniser."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from voicebot.cli.conversations import play_conversations

PROJECT = Path(__file__).parents[2]


@pytest.mark.model
@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
def test_demo_understands_a_voice_over_a_noisy_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(play_conversations)
    line = ["--voice", "flite:rms", "--noise", "20", "--loss", "1"]

    result = CliRunner().invoke(
        app, [str(PROJECT), "--audio", *line, "--only", "opening hours serve", "--json"]
    )

    report = json.loads(result.output)
    assert [test["failures"] for test in report["tests"]] == [[]]
    assert report["call_seconds"] > 10
    assert result.exit_code == 0
