"""Settings of how saved files take effect."""

from __future__ import annotations

from pydantic import Field

from voicebot.config.section import Section


class ReloadSettings(Section):
    """How a running server follows the application's folder."""

    poll_s: float = Field(
        0.5, ge=0, le=3600, description="how often the application's files are looked at; 0: never"
    )
    render_ahead_s: float = Field(
        10.0, ge=0, le=600, description="how long new calls wait for a new version's prompts"
    )
