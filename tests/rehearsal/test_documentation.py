"""docs/testing-flows.md says what every key means, and its example passes on the demo."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from voicebot.cli.conversations import play_conversations
from voicebot.rehearsal import vocabulary

PROJECT = Path(__file__).parents[2]
NAMES = {
    *vocabulary.FILE_KEYS,
    *vocabulary.TEST_KEYS,
    *vocabulary.SETUP_KEYS,
    *vocabulary.TURN_KEYS,
    *vocabulary.ACTION_KEYS,
    *vocabulary.TRANSFER_KEYS,
    *vocabulary.CONTACT_KEYS,
    *vocabulary.TEXT_KEYS,
}


@pytest.fixture(scope="module")
def page() -> str:
    return (PROJECT / "docs" / "testing-flows.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_key_is_documented(name: str, page: str) -> None:
    assert re.search(
        rf"(^\| |with )`{name}`|may stand `{name}`", page, re.MULTILINE | re.IGNORECASE
    )


def test_example_passes(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert example is not None
    monkeypatch.chdir(tmp_path)
    for folder in ("flows", "grammars", "actions"):
        (tmp_path / folder).symlink_to(PROJECT / folder)
    (tmp_path / "conversations").mkdir()
    (tmp_path / "conversations" / "example.yaml").write_text(example[1])
    app = typer.Typer()
    app.command()(play_conversations)

    result = CliRunner().invoke(app, ["."])

    assert "4 of 4 tests passed" in result.output
    assert result.exit_code == 0
