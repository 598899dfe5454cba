"""Agents' notes: one of each agent on each contact, the newest first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from voicebot.desk.notes import Note
from voicebot.errors import StorageError
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade
from voicebot.storage.notes import SqlNotes

NOTE = Note("c1", "anna", "support", 100.0, "solved", "Sent a label.")


async def test_a_note_is_kept_and_replaced_by_the_agents_next_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    await upgrade(url)
    engine = open_database(url)
    notes = SqlNotes(engine)
    await notes.keep(NOTE)
    other = replace(NOTE, agent="bert", at=150.0)
    await notes.keep(other)
    again = replace(NOTE, at=200.0, code="", text="Sent two.")
    await notes.keep(again)
    assert await notes.about(["c1", "c2"]) == (again, other)
    assert await notes.about(["c2"]) == ()
    await engine.dispose()


async def test_a_note_that_cannot_be_kept_says_so(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(StorageError, match="notes on contacts"):
        await SqlNotes(engine).keep(NOTE)
    await engine.dispose()
