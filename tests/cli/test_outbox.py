"""``voicebot outbox`` shows what went out, newest first."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from voicebot.cli.main import app
from voicebot.config import load_settings
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade
from voicebot.storage.texts import SqlMessageStore
from voicebot.texting.message import TextMessage


async def _fill() -> None:
    url = load_settings().database_url
    await upgrade(url)
    engine = open_database(url)
    store = SqlMessageStore(engine)
    for name in ("first", "second"):
        await store.add(TextMessage(name, "sms", "+15550100", f"{name} link", 0.0, 900.0))
    await engine.dispose()


def test_messages_are_shown_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEBOT_SERVER__DATA", str(tmp_path))
    asyncio.run(_fill())
    shown = CliRunner().invoke(app, ["outbox", "--json"])
    assert shown.exit_code == 0, shown.output
    assert [json.loads(line)["text"] for line in shown.output.splitlines()] == [
        "second link",
        "first link",
    ]
    assert "+15550100" in CliRunner().invoke(app, ["outbox", "--limit", "1"]).output


def test_an_empty_outbox_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEBOT_SERVER__DATA", str(tmp_path))
    assert "No message has gone out." in CliRunner().invoke(app, ["outbox"]).output
