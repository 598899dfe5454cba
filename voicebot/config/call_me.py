"""Settings of calls to numbers that people type in a conversation in text."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from voicebot.config.section import Section


class CallMeSettings(Section):
    """'Call me', from the page of a conversation."""

    prefixes: list[str] = Field(
        default_factory=list, description="what numbers begin with that may be called; none: nobody"
    )
    per_number: int = Field(3, ge=1, le=1000, description="calls to one number in a day")
    per_hour: int = Field(60, ge=1, le=100_000, description="such calls in an hour, to all numbers")
    per_address: int = Field(
        10, ge=1, le=100_000, description="such calls in an hour that one address asks for"
    )
    caller: str = Field("", pattern=r"^[\w+.-]{0,64}$", description="number shown to who is called")

    @field_validator("prefixes", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("prefixes")
    @classmethod
    def _are_prefixes(cls, value: list[str]) -> list[str]:
        for prefix in value:
            if not re.fullmatch(r"\+[1-9][0-9]{0,14}", prefix):
                raise ValueError("should be like +1 or +4930: a plus and digits")
        return value
