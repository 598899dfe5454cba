"""Settings of conversations in text."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from voicebot.config.section import Section


class TextSettings(Section):
    """Conversations in text."""

    enabled: bool = Field(True, description="whether there are conversations in text at all")
    public_url: str = Field(
        "", description="where browsers reach us, for links: https://text.shop.example"
    )
    flow: str = Field("", description="flow of conversations that come from no call")
    fresh: bool = Field(True, description="whether a conversation may begin without a link")
    origins: list[str] = Field(
        default_factory=list, description="origins of pages that may embed conversations"
    )
    link_s: float = Field(1800.0, gt=0, le=7 * 86_400, description="how long a link may be opened")
    idle_s: float = Field(
        86_400.0, gt=0, le=90 * 86_400, description="who writes nothing for this long has left"
    )
    most: int = Field(20_000, ge=1, description="conversations that may go on at once")
    in_memory: int = Field(5_000, ge=1, description="of these, how many are kept at hand")
    opens_per_minute: int = Field(
        20, ge=1, le=100_000, description="links that one address may try in a minute"
    )
    messages_per_minute: int = Field(
        60, ge=1, le=100_000, description="messages of one conversation in a minute"
    )

    @field_validator("origins", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, value: list[str]) -> list[str]:
        for origin in value:
            if not re.fullmatch(r"https?://[^/\s]+", origin):
                raise ValueError("should be like https://shop.example, without a path")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", value):
            raise ValueError("should be like https://text.shop.example")
        return value.rstrip("/")
