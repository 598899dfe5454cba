"""Settings of offers to go on in text."""

from __future__ import annotations

from pydantic import Field

from voicebot.config.section import Section


class OfferSettings(Section):
    """Whom flows may offer text, beside their own rules."""

    enabled: bool = Field(True, description="whether flows may offer text at all")
    never: list[str] = Field(
        default_factory=list, description="intents for which text is never offered"
    )
    soon_s: float = Field(
        60.0, ge=0, le=86_400, description="wait for a person that counts as short, in seconds"
    )
