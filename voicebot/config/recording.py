"""Settings of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from voicebot.config.section import Section


class RecordingSettings(Section):
    """Whether and how calls are recorded."""

    enabled: bool = Field(False, description="whether calls are recorded")
    folder: Path = Field(
        Path("recordings"), description="folder of the recordings; relative to the data folder"
    )
    format: Literal["wav", "opus", "vorbis"] = Field("wav", description="format of the files")
    consent: Literal["none", "opt_out", "opt_in"] = Field(
        "none", description="what the caller is asked before anything is recorded"
    )
    consent_prompt: str = Field(
        "This call is recorded. Is that all right with you?",
        min_length=1,
        description="question that asks for the consent",
    )
    keep_days: int = Field(
        0, ge=0, le=36_500, description="days that recordings are kept, 0 for ever"
    )
