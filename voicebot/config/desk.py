"""Settings of the desk at which agents work."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, field_validator

from voicebot.config.section import Section


class Captions(StrEnum):
    """Whose words are written down while an agent talks with a caller."""

    BOTH = "both"
    CALLER = "caller"
    OFF = "off"


class DeskSettings(Section):
    """What agents have at ``/desk``."""

    captions: Captions = Field(
        Captions.BOTH, description="whose words agents see while they talk: both, caller or off"
    )
    pauses: tuple[str, ...] = Field(
        ("Break", "Lunch", "Training", "Office work"), description="reasons that a pause may have"
    )
    number_address: str = Field(
        "",
        description="SIP URI for a number that an agent types, {number} for it; empty: none may",
    )

    @field_validator("number_address")
    @classmethod
    def _callable(cls, address: str) -> str:
        callable_ = address.startswith(("sip:", "sips:")) and "{number}" in address
        if address and not callable_:
            raise ValueError("should be a SIP URI such as sip:{number}@192.0.2.7")
        return address
