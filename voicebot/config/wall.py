"""Settings of the live wall: what the day is held to, and when it begins."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from voicebot.config.section import Section


class WallSettings(Section):
    """The page /supervisor; docs/wall.md tells what each figure means."""

    zone: str = Field("UTC", max_length=64, description="time zone in which days begin")
    containment_target: float = Field(
        0.0, ge=0, le=1, description="share of contacts that the bot should serve alone; 0: none"
    )
    deflection_target: float = Field(
        0.0, ge=0, le=1, description="share of offers that should end served in text; 0: none"
    )
    service_level_target: float = Field(
        0.8, ge=0, le=1, description="share of waiting callers to be answered in time; 0: none"
    )
    most_viewers: int = Field(100, ge=1, le=10_000, description="pages that may follow the wall")

    @field_validator("zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("there is no such time zone; write it as Europe/Berlin") from None
        return value

    @property
    def targets(self) -> Mapping[str, float | None]:
        """The targets by the figure they are for; None where there is none."""
        return {
            "containment": self.containment_target or None,
            "deflection": self.deflection_target or None,
            "service_level": self.service_level_target or None,
        }
