"""Settings of the media-stream door, for carriers such as Twilio."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from voicebot.config.section import ENVIRONMENT_ONLY, Section


class MediaStreamSettings(Section):
    """The media-stream door."""

    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="address that the carrier reaches us at, https://...; empty: the door is shut",
    )
    auth_token: SecretStr = Field(
        SecretStr(""),
        description="the carrier account's auth token, which its signatures are made with",
        json_schema_extra=ENVIRONMENT_ONLY,
    )
    check_signature: bool = Field(
        True,
        validate_default=True,
        description="whether requests that the carrier did not sign are refused",
    )
    media_timeout_s: float = Field(
        20.0, gt=0, le=3600, description="a call without any media for this long is ended"
    )

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("check_signature")
    @classmethod
    def _needs_token(cls, value: bool, info: ValidationInfo) -> bool:
        known: dict[str, Any] = info.data
        token: SecretStr | None = known.get("auth_token")
        if value and known.get("public_url") and token is not None and not token.get_secret_value():
            raise ValueError("needs the carrier's auth token in VOICEBOT_MEDIASTREAM__AUTH_TOKEN")
        return value
