"""Records are kept as long as the settings say, files of recordings with them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.storage.test_tidying import DAY, NOW, OLD, YOUNG, a_call, write
from voicebot.config import Settings
from voicebot.privacy import RECORDINGS, RecordKeeping
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade
from voicebot.storage.tidying import Kind, Piece, SqlTidying


def settings(tmp_path: Path, **sections: object) -> Settings:
    return Settings.model_validate({"server": {"data": tmp_path}, **sections})


async def test_tidying_tells_what_went_and_takes_the_files_of_calls(tmp_path: Path) -> None:
    wanted = settings(tmp_path, retention={"transcripts": 30, "calls": 60})
    await upgrade(wanted.database_url)
    engine = open_database(wanted.database_url)
    await write(engine, *a_call("old", OLD), *a_call("middle", 60 * DAY), *a_call("young", YOUNG))
    folder = tmp_path / "recordings" / "2026-11-21"
    folder.mkdir(parents=True)
    for name in ("old", "young"):
        (folder / f"{name}.wav").write_bytes(b"sound")
    keeping = RecordKeeping(wanted, engine, clock=lambda: NOW)
    assert await keeping.tidy() == {"transcripts": 4, "calls": 1}
    assert [file.name for file in folder.iterdir()] == ["young.wav"]
    assert await keeping.tidy() == {"transcripts": 0, "calls": 0}
    await engine.dispose()


async def test_an_error_that_nobody_thought_of_does_not_end_the_tidying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = settings(tmp_path, retention={"transcripts": 30, "calls": 60})
    await upgrade(wanted.database_url)
    engine = open_database(wanted.database_url)
    await write(engine, *a_call("old", OLD))
    plain, asked, rounds = SqlTidying.piece, [], asyncio.Event()

    async def piece(self: SqlTidying, kind: Kind, before: float, limit: int = 500) -> Piece:
        asked.append(kind)
        if len(asked) > 2:
            rounds.set()
        if asked == [Kind.TRANSCRIPTS]:
            raise ZeroDivisionError
        return await plain(self, kind, before, limit)

    monkeypatch.setattr(SqlTidying, "piece", piece)
    monkeypatch.setattr("voicebot.privacy.TIDY_EVERY_S", 0.0)
    keeping = asyncio.create_task(RecordKeeping(wanted, engine, clock=lambda: NOW).keep_tidy())
    await asyncio.wait_for(rounds.wait(), 30)
    assert asked[:3] == [Kind.TRANSCRIPTS, Kind.CALLS, Kind.TRANSCRIPTS]
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await engine.dispose()


async def test_days_of_recordings_count_too(tmp_path: Path) -> None:
    wanted = settings(tmp_path, recording={"keep_days": 5})
    for day in ("1970-01-02", "1970-04-10"):
        (tmp_path / "recordings" / day).mkdir(parents=True)
    engine = open_database(wanted.database_url)
    assert await RecordKeeping(wanted, engine, clock=lambda: NOW).tidy() == {RECORDINGS: 1}
    await engine.dispose()


async def test_nothing_is_looked_for_where_all_is_kept_for_ever(tmp_path: Path) -> None:
    engine = open_database(settings(tmp_path).database_url)
    keeping = RecordKeeping(settings(tmp_path), engine)
    await asyncio.wait_for(keeping.keep_tidy(), 20)
    assert await keeping.tidy() == {}
    await engine.dispose()


@pytest.mark.parametrize("section, least", [("calls", 32), ("audit", 365)])
def test_some_kinds_have_a_shortest_time(tmp_path: Path, section: str, least: int) -> None:
    settings(tmp_path, retention={section: least})
    settings(tmp_path, retention={section: 0})
    with pytest.raises(ValueError, match=f"at least {least}"):
        settings(tmp_path, retention={section: least - 1})
