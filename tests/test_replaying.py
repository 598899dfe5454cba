"""A page's replay runs in a process of its own: one at a time, bounded, and never a traceback."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.storage.facts import ended, started
from voicebot.config import Settings
from voicebot.config.sections import ServerSettings, StorageSettings
from voicebot.errors import ReplayRefused
from voicebot.events import TurnFinished, TurnResult
from voicebot.replaying import Replays
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.migrations import upgrade
from voicebot.types import CallId, Heard, Mode

CALL = CallId("c1")
FLOW = """\
language: en-US
start: menu
steps:
  menu: {ask: What is it about?, grammar: wish, next: {hours: hours, delivery: delivery}}
  hours: {say: We open at nine., served: true, hangup: auto}
  delivery: {say: It comes on Monday., served: true, hangup: auto}
"""
GRAMMAR = (
    "#ABNF 1.0 UTF-8;\nlanguage en-US;\ntag-format <semantics/1.0>;\nroot $all;\n"
    "$all = opening hours {out='hours'} | where is my parcel {out='delivery'};\n"
)


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """An application that understands today what it did not when a call was recorded."""
    for name, text in {"flows/main.yaml": FLOW, "grammars/wish.gram": GRAMMAR}.items():
        (tmp_path / "app" / name).parent.mkdir(parents=True)
        (tmp_path / "app" / name).write_text(text)
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    await upgrade(url)
    engine = open_database(url)
    journal = SqlJournal(engine)
    await journal.start()
    heard = Heard("where is my parcel", None, 0.3, Mode.SPEECH)
    said = TurnFinished(CALL, 1010.0, 1, "menu", "…", TurnResult.NOMATCH, heard, None)
    for event in (started(CALL), said, ended(CALL)):
        journal.append(event)
    await journal.stop()
    await engine.dispose()
    return Settings(
        server=ServerSettings(application=tmp_path / "app", data=tmp_path / "data"),
        storage=StorageSettings(url=url),
    )


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that never answers."""
    (tmp_path / "endless_replay.py").write_text("import time\nwhile True: time.sleep(1)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "endless_replay"


async def test_a_call_is_taken_through_the_files_of_today(settings: Settings) -> None:
    found = await Replays(settings).replay([CALL])
    (call,) = found["calls"]
    assert (call["id"], call["changed"], call["first_difference"]) == (CALL, True, 0)
    assert call["before"]["turns"][0]["result"] == "nomatch"
    (now,) = call["after"]["turns"]
    assert (now["result"], now["meaning"], now["next"]) == ("match", "delivery", "")
    assert call["after"]["outcome"] == "self_served"


async def test_a_mistake_in_the_files_is_told_with_its_place(settings: Settings) -> None:
    flow = settings.server.application / "flows" / "main.yaml"
    flow.write_text(FLOW.replace("hours: hours", "hours: nowhere"))
    with pytest.raises(ReplayRefused, match=r"main\.yaml:4:\d+: .*nowhere"):
        await Replays(settings).replay([CALL])


async def test_a_second_replay_is_refused_while_one_runs(slow: str) -> None:
    replays = Replays(Settings(), module=slow)
    first = asyncio.create_task(replays.replay([CALL]))
    await asyncio.sleep(0)
    with pytest.raises(ReplayRefused, match="another replay") as refused:
        await replays.replay([CALL])
    assert refused.value.busy
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_replay_without_end_is_ended(slow: str) -> None:
    with pytest.raises(ReplayRefused, match="took longer than"):
        await Replays(Settings(), 0.2, slow).replay([CALL])


async def test_a_process_that_dies_is_told(tmp_path: Path, slow: str) -> None:
    (tmp_path / "broken_replay.py").write_text("raise SystemExit(3)\n")
    with pytest.raises(ReplayRefused, match="broke off"):
        await Replays(Settings(), module="broken_replay").replay([CALL])
