"""Backups are whole, and restores change nothing that they were not told to change."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.storage.test_forgetting import WORDS, fill
from voicebot.backup import back_up, restore
from voicebot.backup_file import DATABASE, LEFT_FREE, MANIFEST, Contents, write
from voicebot.cli.main import app
from voicebot.config import Settings
from voicebot.errors import StorageError, UsageError
from voicebot.media.muting_notes import left_behind, note, noted
from voicebot.storage.database import open_database
from voicebot.storage.migrations import newest_revision, upgrade

NOW = datetime(2026, 11, 22, 8, 15)


def settings_of(folder: Path) -> Settings:
    return Settings.model_validate(
        {"server": {"data": folder / "data", "application": folder / "shop"}}
    )


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """A voicebot with records, a recording and an application."""
    settings = settings_of(tmp_path / "here")
    asyncio.run(_filled(settings))
    files = {
        "data/recordings/2026-11-21/one.wav": b"RIFF" * 1000,
        "shop/flows/main.yaml": b"start: menu\n",
        "shop/.git/config": b"hidden",
    }
    for name, content in files.items():
        path = tmp_path / "here" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return settings


async def _filled(settings: Settings) -> None:
    await upgrade(settings.database_url)
    engine = open_database(settings.database_url)
    await fill(engine)
    await engine.dispose()


@pytest.fixture
def there(tmp_path: Path) -> Settings:
    """Another place, with nothing in it."""
    return settings_of(tmp_path / "there")


@pytest.fixture
def backup(here: Settings, tmp_path: Path) -> Path:
    file = tmp_path / "backup.tar.gz"
    back_up(here, file, recordings=True, application=True, replace=False)
    return file


def said(settings: Settings) -> list[str]:
    with closing(sqlite3.connect(settings.server.data / "voicebot.db")) as database:
        found = database.execute("SELECT heard_text FROM turns ORDER BY call_id").fetchall()
    return [text for (text,) in found]


def state_of(folder: Path) -> dict[str, bytes]:
    files = sorted(folder.rglob("*")) if folder.is_dir() else []
    return {str(file.relative_to(folder)): file.read_bytes() for file in files if file.is_file()}


def test_what_was_backed_up_comes_back(backup: Path, there: Settings) -> None:
    restored = restore(there, backup, force=False, now=NOW)
    assert said(there).count(WORDS) == 2
    data, shop = there.server.data, there.server.application
    assert (data / "recordings" / "2026-11-21" / "one.wav").read_bytes() == b"RIFF" * 1000
    assert state_of(shop) == {"flows/main.yaml": b"start: menu\n"}
    assert (restored.before, restored.application) == ((), shop)
    assert restored.contents.revision == newest_revision()
    assert backup.stat().st_mode & 0o077 == 0
    # It is a database that goes on to be used.
    asyncio.run(upgrade(there.database_url))


def test_what_is_still_to_fall_silent_comes_with_its_note(
    here: Settings, there: Settings, tmp_path: Path
) -> None:
    sound = here.server.data / "recordings" / "2026-11-21" / "one.wav"
    note(sound, (1.0, 2.0))
    file = tmp_path / "backup.tar.gz"
    contents = back_up(here, file, recordings=True, application=False, replace=False)
    assert contents.recordings == 1
    restore(there, file, force=False, now=NOW)
    (restored,) = left_behind(there.server.data / "recordings")
    assert (restored.name, noted(restored)) == ("one.wav", [(1.0, 2.0)])


def test_a_file_that_goes_meanwhile_does_not_end_a_backup(tmp_path: Path) -> None:
    gone, stays = tmp_path / "gone.wav", tmp_path / "stays.wav"
    stays.write_bytes(b"RIFF")
    with (tmp_path / "backup.tar.gz").open("wb") as file:
        files = iter([("recordings/d/gone.wav", gone), ("recordings/d/stays.wav", stays)])
        contents = write(file, Contents("sqlite", "", "", ""), files)
    assert list(contents.digests) == ["recordings/d/stays.wav"]


def test_a_backup_is_of_one_moment_while_others_write(
    here: Settings, there: Settings, tmp_path: Path
) -> None:
    """Each transaction writes two rows: a copy with an odd number of them is torn."""
    file, stop, begun = here.server.data / "voicebot.db", threading.Event(), threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as database:
            for number in range(1_000_000):
                database.execute("BEGIN IMMEDIATE")
                for half in "ab":
                    database.execute(
                        "INSERT INTO text_opt_outs VALUES (?, 1.0)", (f"n{number}{half}",)
                    )
                database.execute("COMMIT")
                if number >= 3:
                    begun.set()
                if stop.is_set():
                    return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert begun.wait(30)
        backup = tmp_path / "busy.tar.gz"
        back_up(here, backup, recordings=False, application=False, replace=False)
    finally:
        stop.set()
        writer.join(30)
    restore(there, backup, force=False, now=NOW)
    with closing(sqlite3.connect(there.server.data / "voicebot.db")) as database:
        query = "SELECT count(*) FROM text_opt_outs WHERE number LIKE 'n%'"
        (rows,) = database.execute(query).fetchone()
    assert rows >= 8
    assert rows % 2 == 0


def test_nothing_is_replaced_without_being_told(backup: Path, here: Settings) -> None:
    before = state_of(here.server.data)
    with pytest.raises(UsageError, match=r"the database and .*recordings would be replaced"):
        restore(here, backup, force=False, now=NOW)
    assert state_of(here.server.data) == before
    with pytest.raises(UsageError, match="is there already"):
        back_up(here, backup, recordings=False, application=False, replace=False)


def test_with_force_what_was_there_is_put_aside(backup: Path, here: Settings) -> None:
    data = here.server.data
    with closing(sqlite3.connect(data / "voicebot.db")) as database:
        database.execute("UPDATE turns SET heard_text = 'changed since'")
        database.commit()
    restored = restore(here, backup, force=True, now=NOW)
    assert said(here).count(WORDS) == 2
    old = data / "voicebot.db.before-20261122-081500"
    assert restored.before == (old, data / "recordings.before-20261122-081500")
    with closing(sqlite3.connect(old)) as database:
        assert database.execute("SELECT DISTINCT heard_text FROM turns").fetchall() == [
            ("changed since",)
        ]
    # Somebody works on the application: the one of the backup lies beside it.
    assert restored.application == data / "application.restored-20261122-081500"
    assert not list(data.glob(".restore-*"))


def test_a_database_in_use_is_left_alone(backup: Path, here: Settings) -> None:
    with closing(sqlite3.connect(here.server.data / "voicebot.db")) as server:
        server.execute("SELECT count(*) FROM calls").fetchone()
        with pytest.raises(StorageError, match="is in use; stop voicebot first"):
            restore(here, backup, force=True, now=NOW)
    assert said(here).count(WORDS) == 2


def rewritten(backup: Path, change: Callable[[str, bytes], bytes]) -> None:
    """Write the backup anew, each file as ``change`` makes it."""
    with tarfile.open(backup) as tar:
        files = {
            member.name: data.read()
            for member in tar
            if (data := tar.extractfile(member)) is not None
        }
    with tarfile.open(backup, "w:gz") as tar:
        for name, content in files.items():
            changed = change(name, content)
            info = tarfile.TarInfo(name)
            info.size = len(changed)
            tar.addfile(info, io.BytesIO(changed))


def cut_off(backup: Path) -> None:
    backup.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])


def flip_a_byte(backup: Path) -> None:
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 0xFF
    backup.write_bytes(bytes(content))


def other_text(backup: Path) -> None:
    backup.write_text("milk, bread\n")


def other_database(backup: Path) -> None:
    rewritten(backup, lambda name, old: old + b"more" if name == DATABASE else old)


def no_manifest(backup: Path) -> None:
    rewritten(backup, lambda name, old: b"{}" if name == MANIFEST else old)


def outside(backup: Path) -> None:
    with tarfile.open(backup, "w:gz") as tar:
        info = tarfile.TarInfo("recordings/../../evil")
        tar.addfile(info, io.BytesIO())


def impossible_name(backup: Path) -> None:
    with tarfile.open(backup, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("recordings/x")
        info.pax_headers = {"path": "recordings/a\0b"}
        tar.addfile(info, io.BytesIO())


def headers_without_end(backup: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type = tarfile.XHDTYPE
    with gzip.open(backup, "wb") as file:
        file.write(info.tobuf() * 5000)


def nested_manifest(backup: Path) -> None:
    rewritten(backup, lambda name, old: b"[" * 100_000 if name == MANIFEST else old)


@pytest.mark.parametrize(
    "harm",
    [
        cut_off,
        flip_a_byte,
        other_text,
        other_database,
        no_manifest,
        outside,
        impossible_name,
        headers_without_end,
        nested_manifest,
    ],
)
def test_a_damaged_backup_changes_nothing(
    backup: Path, here: Settings, there: Settings, harm: Callable[[Path], None]
) -> None:
    harm(backup)
    before = state_of(here.server.data)
    for place in (here, there):
        with pytest.raises(StorageError, match="is no whole backup"):
            restore(place, backup, force=True, now=NOW)
    assert state_of(here.server.data) == before
    assert not state_of(there.server.data)


def test_a_file_that_says_it_is_a_terabyte_of_zeros_is_not_unpacked(
    backup: Path, there: Settings
) -> None:
    info = tarfile.TarInfo("recordings/zeros")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = (0x80 << 88 | 2**40).to_bytes(12, "big")  # its size without holes
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    with gzip.open(backup, "wb") as file:
        file.write(header)
    with pytest.raises(StorageError, match="'recordings/zeros' has no place in it"):
        restore(there, backup, force=True, now=NOW)


def with_zeros(backup: Path, size: int) -> None:
    info = tarfile.TarInfo("recordings/zeros")
    info.size = size
    with gzip.open(backup, "wb") as file:
        file.write(info.tobuf() + b"\0" * 5_000_000)


def test_a_small_file_that_unpacks_to_more_than_any_backup_is_not_unpacked(
    backup: Path, there: Settings
) -> None:
    with_zeros(backup, 5 * 2**30)
    with pytest.raises(StorageError, match="would unpack to over 300 times its size"):
        restore(there, backup, force=True, now=NOW)
    assert not state_of(there.server.data)


def test_what_the_disk_has_no_room_for_is_not_unpacked(
    backup: Path, there: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_zeros(backup, 2**30)
    usage = shutil.disk_usage(backup)._replace(free=LEFT_FREE + 2**29)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(StorageError, match="make room for 513 MB or more"):
        restore(there, backup, force=True, now=NOW)
    assert not state_of(there.server.data)


def test_a_header_that_would_fill_the_memory_is_not_read(backup: Path, there: Settings) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 2**40
    with gzip.open(backup, "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT))
    with pytest.raises(StorageError, match="is no whole backup: a header of it is longer"):
        restore(there, backup, force=True, now=NOW)


@pytest.mark.parametrize("field, value", [("voicebot_backup", 2), ("revision", "9999")])
def test_a_newer_backup_is_refused(
    backup: Path, there: Settings, field: str, value: object
) -> None:
    def newer(name: str, old: bytes) -> bytes:
        return json.dumps({**json.loads(old), field: value}).encode() if name == MANIFEST else old

    rewritten(backup, newer)
    with pytest.raises(StorageError, match="newer voicebot"):
        restore(there, backup, force=False, now=NOW)
    assert not state_of(there.server.data)


def test_a_backup_of_another_kind_of_database_is_refused(backup: Path, tmp_path: Path) -> None:
    other = Settings.model_validate(
        {
            "server": {"data": tmp_path / "other"},
            "storage": {"url": "postgresql+psycopg://nobody@127.0.0.1/none"},
        }
    )
    with pytest.raises(StorageError, match=r"is of sqlite, and storage\.url names postgresql"):
        restore(other, backup, force=False, now=NOW)


def test_without_a_database_there_is_nothing_to_back_up(there: Settings, tmp_path: Path) -> None:
    file = tmp_path / "none.tar.gz"
    with pytest.raises(StorageError, match="there is no database"):
        back_up(there, file, recordings=False, application=False, replace=False)
    assert not list(tmp_path.glob("none*"))


def test_the_commands_say_what_they_did(
    here: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEBOT_SERVER__DATA", str(here.server.data))
    monkeypatch.setenv("VOICEBOT_SERVER__APPLICATION", str(here.server.application))
    file = str(tmp_path / "today.tar.gz")
    done = CliRunner().invoke(app, ["backup", file, "--recordings"])
    assert done.exit_code == 0, done.output
    assert "the sqlite database, 1 recordings" in done.output
    shutil.rmtree(here.server.data)
    done = CliRunner().invoke(app, ["restore", file])
    assert done.exit_code == 0, done.output
    assert "Restored the sqlite database, 1 recordings" in done.output
