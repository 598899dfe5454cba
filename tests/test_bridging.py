"""Bridges and recordings as the settings want them."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.bridging import Recording, handoff_services, transfer_modes
from voicebot.config import Settings
from voicebot.errors import AudioError, ConfigError
from voicebot.flows.commands import TransferMode
from voicebot.media.hold_music import own_piece
from voicebot.sessions.recording import Consent


def _settings(tmp_path: Path, **sections: dict[str, object]) -> Settings:
    server = {"application": str(tmp_path), "data": str(tmp_path / "data")}
    return Settings.model_validate({"server": server, **sections})


def test_nothing_is_recorded_unless_the_settings_say_so(tmp_path: Path) -> None:
    recording = Recording(_settings(tmp_path))
    recording.start()
    assert recording.rule is None
    assert not (tmp_path / "data" / "recordings").exists()


async def test_the_question_of_consent_is_known_ahead(tmp_path: Path) -> None:
    wanted = {"enabled": True, "consent": "opt_in", "consent_prompt": "May we?"}
    recording = Recording(_settings(tmp_path, recording=wanted))
    recording.start()
    await recording.stop()
    assert recording.rule is not None
    assert recording.rule.consent is Consent.OPT_IN
    assert recording.rule.prompt.parts == ("May we?",)


async def test_old_recordings_go_at_the_start(tmp_path: Path) -> None:
    recording = Recording(_settings(tmp_path, recording={"enabled": True, "keep_days": 30}))
    recording.start()
    old = recording.recorder.folder / "2020-01-01"
    today = recording.recorder.folder / time.strftime("%Y-%m-%d")
    old.mkdir()
    today.mkdir()

    tidying = asyncio.create_task(recording.keep_tidy())
    async with asyncio.timeout(30):
        while old.exists():
            await asyncio.sleep(0.01)
    tidying.cancel()
    await recording.stop()
    assert today.exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    recording = Recording(_settings(tmp_path, recording={"enabled": True}))
    with pytest.raises(AudioError, match="cannot be made"):
        recording.start()


def test_our_own_music_plays_where_there_is_no_other(tmp_path: Path) -> None:
    assert handoff_services(_settings(tmp_path), None).music is own_piece


def test_an_application_brings_its_own_music(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    wave = np.sin(np.arange(24_000) / 9)
    soundfile.write(os.fspath(tmp_path / "audio" / "hold-music.wav"), wave, 24_000)
    music = handoff_services(_settings(tmp_path), None).music
    assert (len(music(8000)), len(music(16_000))) == (8000, 16_000)


def test_music_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"bridge\.hold_music: there is no file 'no\.wav'"):
        handoff_services(_settings(tmp_path, bridge={"hold_music": "no.wav"}), None)


@pytest.mark.parametrize("targets", [["agents", "sales"], "agents, sales"])
def test_targets_of_the_settings_are_bridged(tmp_path: Path, targets: object) -> None:
    modes = transfer_modes(_settings(tmp_path, bridge={"targets": targets}))
    assert modes == {"agents": TransferMode.BRIDGE, "sales": TransferMode.BRIDGE}
