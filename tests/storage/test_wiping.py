"""Bytes are found wherever they stand in a file, also across the blocks in which it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.storage import wiping
from voicebot.storage.wiping import holds


def test_bytes_are_found_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiping, "_BLOCK", 5)
    file = tmp_path / "database"
    for lead in range(12):
        file.write_bytes(b"x" * lead + "ümläut".encode() + b"yy")
        assert holds(file, ["4477", "ümläut"])
        assert not holds(file, ["4477", "umlaut"])


def test_a_file_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert not holds(tmp_path / "gone", ["4477"])
