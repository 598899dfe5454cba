"""Recordings over HTTP: whole, in parts, and not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.web.conftest import House
from tests.web.shelf import finished_call, running_call
from voicebot.errors import StorageError
from voicebot.staff.model import AuditEntry, Deed
from voicebot.web.api.recordings import recordings_router
from voicebot.web.playbacks import ONE_PLAYBACK_S, Playbacks

SOUND = bytes(range(256)) * 40
NAME = "2026-11-21/c2.wav"


@pytest.fixture
def app(house: House, tmp_path: Path) -> FastAPI:
    def path(name: str) -> Path | None:
        file = tmp_path / name
        return file if file.is_file() else None

    playbacks = Playbacks(house.office.log, house.office.clock)
    return house.app(recordings_router(house.archive, path, playbacks))


@pytest.fixture
def sound(house: House, tmp_path: Path) -> Path:
    house.archive.calls.append(replace(finished_call(), recording=NAME))
    file = tmp_path / NAME
    file.parent.mkdir()
    file.write_bytes(SOUND)
    return file


async def test_a_call_says_where_its_recording_is(sound: Path, client: httpx.AsyncClient) -> None:
    (call,) = (await client.get("/api/calls")).json()["calls"]
    answer = await client.get(call["recording"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.content == SOUND


async def test_a_part_is_given_to_who_asks_for_one(sound: Path, client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/calls/c2/recording", headers={"Range": "bytes=100-199"})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 100-199/{len(SOUND)}"
    assert answer.content == SOUND[100:200]


async def test_a_part_beyond_the_end_is_refused(sound: Path, client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/calls/c2/recording", headers={"Range": "bytes=999999-"})
    assert answer.status_code == 416


async def test_what_was_not_recorded_or_is_gone_is_not_found(
    house: House, sound: Path, client: httpx.AsyncClient
) -> None:
    sound.unlink()
    house.archive.calls.append(running_call("c1"))
    details = []
    for call in ("c1", "c2", "c3"):
        answer = await client.get(f"/api/calls/{call}/recording")
        assert answer.status_code == 404
        details.append(answer.json()["detail"])
    assert details == [
        "this call was not recorded",
        "the recording has been deleted, or is held back to be muted",
        "no call has this id",
    ]


async def test_a_running_call_has_no_recording_to_give_yet(
    house: House, client: httpx.AsyncClient
) -> None:
    house.archive.calls.append(replace(running_call(), recording=NAME))
    assert (await client.get("/api/calls/c1/recording")).status_code == 409


async def test_who_plays_a_recording_is_in_the_audit_log_once(
    house: House, sound: Path, client: httpx.AsyncClient
) -> None:
    for _ in range(3):
        await client.get("/api/calls/c2/recording", headers={"Range": "bytes=1-99"})
    assert house.office.log.deeds == [("tester (token fixed)", Deed.RECORDING_PLAYED, "c2")]
    house.office.now += ONE_PLAYBACK_S
    await client.get("/api/calls/c2/recording")
    assert len(house.office.log.lines) == 2


async def test_nothing_is_played_that_cannot_be_written_down(
    house: House, sound: Path, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(entry: AuditEntry) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(house.office.log, "note", fail)
    answer = await client.get("/api/calls/c2/recording")
    assert (answer.status_code, SOUND in answer.content) == (503, False)


async def test_a_recording_that_is_not_there_was_not_played(
    house: House, sound: Path, client: httpx.AsyncClient
) -> None:
    sound.unlink()
    await client.get("/api/calls/c2/recording")
    assert house.office.log.lines == []
