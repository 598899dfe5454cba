"""Bridged transfers and recordings, built from the settings."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Final

import structlog

from voicebot.config import Settings
from voicebot.errors import ConfigError
from voicebot.flows.commands import TransferMode
from voicebot.media.hold_music import own_piece, read_piece
from voicebot.media.recorder import Recorder, days_ago
from voicebot.sessions.handoff import HandoffServices
from voicebot.sessions.recording import Consent, Recordings
from voicebot.telephony._api import Dialer
from voicebot.types import Prompt

log = structlog.get_logger(__name__)

OWN_FILE: Final = Path("audio", "hold-music.wav")
"""Where an application keeps its music on hold."""

LOOK_FOR_OLD_EVERY_S: Final = 3600.0


def handoff_services(settings: Settings, dialer: Dialer | None) -> HandoffServices:
    """Raises ConfigError where the music cannot be found, AudioError where it cannot be read."""
    named, own = settings.bridge.hold_music, settings.server.application / OWN_FILE
    if named and not Path(named).is_file():
        raise ConfigError("bridge.hold_music", f"there is no file '{named}'", "Name a sound file.")
    file = Path(named) if named else own
    music = own_piece
    if named or own.is_file():
        music = cache(partial(read_piece, file))
        music(8000)  # what is wrong with the file is told at the start
    return HandoffServices(dialer=dialer, music=music, ring_s=settings.bridge.ring_s)


def transfer_modes(settings: Settings) -> dict[str, TransferMode]:
    """How the targets that the settings name are handed over to."""
    return dict.fromkeys(settings.bridge.targets, TransferMode.BRIDGE)


class Recording:
    """Recordings as the settings want them; ``rule`` is None where nothing is recorded."""

    def __init__(self, settings: Settings) -> None:
        wanted = settings.recording
        self.recorder = Recorder(settings.server.data / wanted.folder, wanted.format)
        self.rule: Recordings | None = None
        self._keep_days = wanted.keep_days
        if wanted.enabled:
            self.rule = Recordings(
                self.recorder.begin,
                Consent(wanted.consent),
                Prompt((wanted.consent_prompt,)),
            )

    def start(self) -> None:
        """Raises AudioError when the folder cannot be made."""
        if self.rule is not None:
            self.recorder.start()

    async def stop(self) -> None:
        """Write what is waiting."""
        await asyncio.to_thread(self.recorder.stop)

    async def keep_tidy(self) -> None:
        """Delete what is older than it is to be kept, now and every hour; runs until cancelled."""
        while self._keep_days:
            first_kept = days_ago(self._keep_days, datetime.now())
            days = await asyncio.to_thread(self.recorder.delete_before, first_kept)
            if days:
                log.info("old_recordings_deleted", days=days)
            await asyncio.sleep(LOOK_FOR_OLD_EVERY_S)
