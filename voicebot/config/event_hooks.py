"""Settings of webhooks: who is told what happens in calls."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from voicebot.config.section import Section
from voicebot.config.sip_provider import PASSWORD_VARIABLE, outside_settings

EventKind = Literal[
    "call.started", "call.answered", "call.ended", "deflection.reached", "queue.noted"
]


def _split(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


class EventHookSettings(Section):
    """One receiver, ``[event_hooks.NAME]``."""

    url: str = Field(pattern=r"^https?://\S+$", description="where events are posted")
    secret_env: str = Field(
        pattern=PASSWORD_VARIABLE,
        description="environment variable with the secret that signs, 32 characters at least",
    )
    kinds: Annotated[tuple[EventKind, ...], BeforeValidator(_split)] = Field(
        (), description="what is told; empty: everything"
    )
    personal: bool = Field(
        False, description="whether telephone numbers and customers are told as they are"
    )
    give_up_h: float = Field(
        24.0, gt=0, le=720, description="hours after which what was not taken is given up"
    )
    timeout_s: float = Field(10.0, gt=0, le=60, description="how long an answer may take")

    @field_validator("secret_env")
    @classmethod
    def _is_no_setting(cls, value: str) -> str:
        return outside_settings(value)
