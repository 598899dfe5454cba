"""Settings of knowing callers again."""

from __future__ import annotations

from pydantic import Field

from voicebot.config.section import Section


class CallerSettings(Section):
    """What flows are told of a caller's earlier contacts."""

    history: bool = Field(True, description="whether flows are told of a caller's contacts")
    days: int = Field(7, ge=1, le=366, description="how many days a history goes back")
    most: int = Field(20, ge=1, le=1000, description="how many contacts it holds at most")
    time_limit_s: float = Field(
        1.0, gt=0, le=10, description="how long a call may wait for what is known of its caller"
    )
