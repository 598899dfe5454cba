"""Fetching models: broken lines, wrong files, hostile archives; all or nothing."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.speech.model_server import FileServer, serving
from voicebot.errors import ModelError
from voicebot.speech.model_archive import Pulled, pull
from voicebot.speech.models import Model
from voicebot.types import Language

NAME = "vosk-model-test-0.1"
WEIGHTS = os.urandom(300_000)


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


ARCHIVE = zipped({f"{NAME}/am/final.mdl": WEIGHTS, f"{NAME}/conf/model.conf": b"--beam=10"})


def model_of(archive: bytes) -> Model:
    sha256 = hashlib.sha256(archive).hexdigest()
    return Model(NAME, Language("xx"), "vosk", len(archive), sha256, "MIT")


MODEL = model_of(ARCHIVE)
UNKNOWN = replace(MODEL, sha256="")


def fetch(server: FileServer, folder: Path, model: Model = MODEL) -> Pulled:
    return pull(model, folder, server.url, lambda have, total: None)


def complaint(server: FileServer, folder: Path, model: Model = MODEL) -> str:
    with pytest.raises(ModelError) as caught:
        fetch(server, folder, model)
    said = str(caught.value)
    assert "\n" not in said
    assert caught.value.remedy
    return said


def file_server(content: bytes = ARCHIVE) -> FileServer:
    return FileServer(f"{NAME}.zip", content)


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_model_is_fetched_checked_and_unpacked(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with serving(file_server()) as server:
        pulled = pull(MODEL, tmp_path, server.url + "/", lambda *told: seen.append(told))
    assert pulled == Pulled(tmp_path / NAME, MODEL.sha256, False)
    assert (tmp_path / NAME / "am/final.mdl").read_bytes() == WEIGHTS
    assert seen[-1] == (len(ARCHIVE), len(ARCHIVE))
    assert left_over(tmp_path) == [NAME]


def test_download_goes_on_where_the_line_broke(tmp_path: Path) -> None:
    server = file_server()
    server.break_after = [100_000, 50_000]
    with serving(server):
        fetch(server, tmp_path)
    assert server.asked == ["", "bytes=100000-", "bytes=150000-"]
    assert (tmp_path / NAME / "am/final.mdl").read_bytes() == WEIGHTS


def test_line_that_keeps_breaking_is_told_and_the_next_run_goes_on(tmp_path: Path) -> None:
    server = file_server()
    server.break_after = [50_000, 10, 10, 10]
    with serving(server):
        assert "goes on where it stopped" in complaint(server, tmp_path)
        server.asked.clear()
        fetch(server, tmp_path)
    assert server.asked == ["bytes=50030-"]


def test_server_without_ranges_starts_over(tmp_path: Path) -> None:
    server = file_server()
    server.ranges = False
    server.break_after = [50_000]
    with serving(server):
        fetch(server, tmp_path)
    assert (tmp_path / NAME / "am/final.mdl").read_bytes() == WEIGHTS


def test_whole_part_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / f".{NAME}.zip.part").write_bytes(ARCHIVE)
    with serving(file_server()) as server:
        fetch(server, tmp_path)
    assert server.asked == [f"bytes={len(ARCHIVE)}-"]


def test_part_longer_than_the_file_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / f".{NAME}.zip.part").write_bytes(ARCHIVE + b"more")
    with serving(file_server()) as server:
        fetch(server, tmp_path)
    assert (tmp_path / NAME / "am/final.mdl").read_bytes() == WEIGHTS


@pytest.mark.parametrize("content", [ARCHIVE[:-1] + b"x", ARCHIVE + b"x", ARCHIVE[:-9]])
def test_another_file_than_the_known_one_is_refused(tmp_path: Path, content: bytes) -> None:
    with serving(file_server(content)) as server:
        assert "not the file that is known" in complaint(server, tmp_path)
    assert left_over(tmp_path) == []


def test_first_archive_is_trusted_where_no_checksum_is_known_and_no_other_after(
    tmp_path: Path,
) -> None:
    with serving(file_server()) as server:
        assert fetch(server, tmp_path, UNKNOWN).pinned
        assert not fetch(server, tmp_path, UNKNOWN).pinned
        server.content = zipped({f"{NAME}/am/final.mdl": b"other"})
        assert "its sha256 is" in complaint(server, tmp_path, UNKNOWN)
    assert json.loads((tmp_path / "checksums.json").read_text()) == {NAME: MODEL.sha256}
    assert (tmp_path / NAME / "am/final.mdl").read_bytes() == WEIGHTS, "the good one stays"


def test_damaged_list_of_checksums_is_told(tmp_path: Path) -> None:
    (tmp_path / "checksums.json").write_text("{")
    with serving(file_server()) as server:
        assert "checksums.json: cannot be read" in complaint(server, tmp_path, UNKNOWN)


@pytest.mark.parametrize("status", [403, 404, 500])
def test_answer_that_is_no_file_is_told(tmp_path: Path, status: int) -> None:
    server = file_server()
    server.status = status
    with serving(server):
        said = complaint(server, tmp_path)
    assert f"answers {status}" in said
    assert "speech.models_url" in said


def test_no_network_is_told_with_the_way_out(tmp_path: Path) -> None:
    with serving(file_server()) as server:
        pass
    said = complaint(server, tmp_path)
    assert "127.0.0.1 cannot be reached" in said
    assert f"fetch {server.url}/{NAME}.zip elsewhere" in said


def test_want_of_room_is_told_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with serving(file_server()) as server:
        assert "are free" in complaint(server, tmp_path)
    assert server.asked == []


def test_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with serving(file_server()) as server:
        assert "cannot be written" in complaint(server, tmp_path / "file")


@pytest.mark.parametrize(
    "member", ["../outside", f"{NAME}/../../outside", "/outside", "outside", f"{NAME}\\..\\..\\o"]
)
def test_archive_that_reaches_out_of_its_folder_is_refused(tmp_path: Path, member: str) -> None:
    folder = tmp_path / "models"
    archive = zipped({f"{NAME}/am/final.mdl": b"x", member: b"x"})
    with serving(file_server(archive)) as server:
        assert "it holds" in complaint(server, folder, model_of(archive))
    assert left_over(folder) == []
    assert left_over(tmp_path) == ["models"]


def test_archive_with_a_link_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        link = zipfile.ZipInfo(f"{NAME}/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    archive = file.getvalue()
    with serving(file_server(archive)) as server:
        assert "it holds" in complaint(server, tmp_path, model_of(archive))


def test_archive_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    archive = zipped({f"{NAME}/am/final.mdl": bytes(50_000_000)})
    with serving(file_server(archive)) as server:
        assert "far more than a model" in complaint(server, tmp_path, model_of(archive))
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("archive", [b"", b"no archive", ARCHIVE[:200] + bytes(len(ARCHIVE) - 200)])
def test_file_that_is_no_archive_is_refused(tmp_path: Path, archive: bytes) -> None:
    with serving(file_server(archive)) as server:
        assert "cannot be unpacked" in complaint(server, tmp_path, model_of(archive))
    assert left_over(tmp_path) == []
