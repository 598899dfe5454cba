"""A caller is forgotten in all files of the data folder, by command."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.storage.test_forgetting import NUMBER, OTHER, SECRETS, fill
from voicebot.cli.main import app
from voicebot.config import Settings, load_settings
from voicebot.forgetting import PersonForgetting, note_forgotten
from voicebot.privacy import recordings_of
from voicebot.sessions.traces import Traces
from voicebot.staff.model import Actor, Deed
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade
from voicebot.storage.staff import SqlAuditLog


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A data folder with calls in it, as a server leaves it."""
    monkeypatch.setenv("VOICEBOT_SERVER__DATA", str(tmp_path / "data"))
    settings = load_settings()
    asyncio.run(_filled(settings))
    folder = settings.server.data / "recordings" / "2026-11-21"
    folder.mkdir(parents=True)
    for call in ("one", "two", "three"):
        (folder / f"{call}.wav").write_bytes(b"RIFF" + call.encode())
    (settings.server.data / "prompts").mkdir()
    (settings.server.data / "prompts" / "hello.flac").write_bytes(b"fLaC")
    return settings


async def _filled(settings: Settings) -> None:
    await upgrade(settings.database_url)
    engine = open_database(settings.database_url)
    await fill(engine)
    await engine.dispose()


def everything(settings: Settings) -> str:
    files = [file for file in sorted(settings.server.data.rglob("*")) if file.is_file()]
    return "".join(f"{file} {file.read_bytes().decode('latin-1')}" for file in files)


def test_no_byte_of_a_caller_is_left_in_any_file(settings: Settings) -> None:
    assert all(secret in everything(settings) for secret in SECRETS)
    result = CliRunner().invoke(app, ["forget", NUMBER, "--yes"])
    assert result.exit_code == 0, result.output
    kept = everything(settings)
    assert [secret for secret in SECRETS if secret in kept] == []
    sounds = settings.server.data / "recordings" / "2026-11-21"
    assert [file.name for file in sounds.iterdir()] == ["three.wav"]
    assert OTHER in kept
    assert "Deleted." in result.output
    assert "still stands" not in result.output


def test_without_being_told_it_is_only_shown(settings: Settings) -> None:
    before = everything(settings)
    shown = CliRunner().invoke(app, ["forget", NUMBER])
    assert "2 calls" in shown.output
    assert "Nothing was deleted. Add --yes" in shown.output
    assert json.loads(CliRunner().invoke(app, ["forget", NUMBER, "--json"]).output)["turns"] == 2
    assert all(secret in everything(settings) for secret in SECRETS)
    assert "three.wav" in before


def test_a_number_that_is_not_there_and_what_is_no_number(settings: Settings) -> None:
    assert "Nothing is kept" in CliRunner().invoke(app, ["forget", "+4930123456"]).output
    with pytest.raises(Exception, match="is no telephone number"):
        CliRunner().invoke(app, ["forget", "somebody"], catch_exceptions=False)


async def test_files_of_others_in_the_data_folder_are_named(tmp_path: Path) -> None:
    settings = Settings.model_validate({"server": {"data": tmp_path}})
    await _filled(settings)
    (tmp_path / "shop.csv").write_text(f"{NUMBER};umbrella\n")
    engine = open_database(settings.database_url)
    forgotten = await PersonForgetting(settings, engine).forget(NUMBER)
    assert forgotten.left == "shop.csv"
    await engine.dispose()


async def test_a_file_that_cannot_be_read_or_deleted_is_named_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.model_validate({"server": {"data": tmp_path}})
    await _filled(settings)
    (tmp_path / "key.pem").write_text("x")
    kept = recordings_of(settings).folder / "2026-11-21" / "one.wav"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"RIFF")
    opened, unlinked = Path.open, Path.unlink

    def refuse(usual: Callable[..., Any], name: str) -> Callable[..., Any]:
        def guarded(path: Path, *args: Any, **more: Any) -> Any:
            if path.name == name:
                raise PermissionError(13, "Permission denied")
            return usual(path, *args, **more)

        return guarded

    monkeypatch.setattr(Path, "open", refuse(opened, "key.pem"))
    monkeypatch.setattr(Path, "unlink", refuse(unlinked, kept.name))
    engine = open_database(settings.database_url)
    forgotten = await PersonForgetting(settings, engine).forget(NUMBER)
    await engine.dispose()
    assert forgotten.traces.calls == 2
    assert forgotten.left == (
        f"{kept} (a recording that cannot be deleted), key.pem (which cannot be read)"
    )


async def test_the_audit_log_says_that_and_not_who(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    await upgrade(url)
    engine = open_database(url)
    log = SqlAuditLog(engine)
    await note_forgotten(log, Actor("ann", "192.0.2.1"), Traces(calls=2, messages=1), lambda: 5.0)
    (entry,) = await log.entries(before=None, limit=9)
    assert (entry.deed, entry.who, entry.at) == (Deed.CALLER_FORGOTTEN, "ann", 5.0)
    assert entry.what == "a caller: calls 2, conversations 0, messages 1"
    await engine.dispose()
