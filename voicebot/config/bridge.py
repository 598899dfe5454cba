"""Settings of bridged transfers."""

from __future__ import annotations

from pydantic import Field, field_validator

from voicebot.config.section import Section


class BridgeSettings(Section):
    """Transfers that voicebot calls itself and stays with."""

    targets: tuple[str, ...] = Field(
        (), description="names of transfer targets that are bridged where the flow names no mode"
    )
    ring_s: float = Field(30.0, gt=0, le=600, description="how long a bridged target may ring")
    hold_music: str = Field(
        "", description="sound file for those who wait; empty for audio/hold-music.wav or our own"
    )

    @field_validator("targets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """The environment has names with commas between them."""
        if not isinstance(value, str):
            return value
        return tuple(name.strip() for name in value.split(",") if name.strip())
