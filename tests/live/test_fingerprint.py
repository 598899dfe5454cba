"""A version is what the files hold."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.live.conftest import Folder
from voicebot.live.fingerprint import DIGITS, fingerprint, look


def test_the_same_files_elsewhere_are_the_same_version(folder: Folder, tmp_path: Path) -> None:
    shutil.copytree(folder.path, tmp_path / "copy")

    assert fingerprint(tmp_path / "copy") == fingerprint(folder.path)
    assert len(fingerprint(folder.path)) == DIGITS


@pytest.mark.parametrize(
    "name", ["flows/main.yaml", "grammars/fruit.gram", "audio/en-US/bye.wav", "queues.yaml"]
)
def test_every_folder_counts(name: str, folder: Folder) -> None:
    before, seen = fingerprint(folder.path), look(folder.path)

    folder.write(name, "changed")

    assert fingerprint(folder.path) != before
    assert look(folder.path) != seen


def test_a_file_that_is_renamed_makes_another_version(folder: Folder) -> None:
    before = fingerprint(folder.path)

    (folder.path / "grammars" / "fruit.gram").rename(folder.path / "grammars" / "berry.gram")

    assert fingerprint(folder.path) != before


def test_saving_without_a_change_is_seen_and_makes_no_version(folder: Folder) -> None:
    before, seen = fingerprint(folder.path), look(folder.path)

    os.utime(folder.path / "flows" / "main.yaml", (1, 1))

    assert look(folder.path) != seen
    assert fingerprint(folder.path) == before


@pytest.mark.parametrize(
    "name",
    [
        "flows/.main.yaml.swp",
        "flows/main.yaml~",
        "flows/#main.yaml#",
        "flows/.git/index",
        "actions/__pycache__/orders.pyc",
        "README.md",
        "var/voicebot.db",
    ],
)
def test_what_editors_and_servers_leave_behind_does_not_count(name: str, folder: Folder) -> None:
    before, seen = fingerprint(folder.path), look(folder.path)

    folder.write(name, "litter")

    assert fingerprint(folder.path) == before
    assert look(folder.path) == seen


def test_a_folder_without_files_has_a_version(tmp_path: Path) -> None:
    assert len(fingerprint(tmp_path / "nowhere")) == DIGITS
