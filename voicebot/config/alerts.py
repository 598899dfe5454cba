"""Settings of alerts: how often the line is judged, and who is told."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from voicebot.config.section import ENVIRONMENT_ONLY, Section, Words

_URL = r"^(https?://\S+)?$"


class AlertSettings(Section):
    """What is told of stands in the application's alerts.yaml; docs/wall.md explains it. The order
    of the fields matters to their checks."""

    check_s: float = Field(5.0, ge=1, le=300, description="how often the line is judged")
    weeks: int = Field(8, ge=4, le=52, description="weeks before that tell what is usual")
    gather_s: float = Field(
        10.0, ge=0, le=600, description="what changes within so many seconds is told together"
    )
    quiet_s: float = Field(
        300.0, ge=0, le=86_400, description="shortest time between two notices of one group"
    )
    most_per_hour: int = Field(12, ge=1, le=1000, description="notices in an hour, of all groups")
    page_url: str = Field(
        "", pattern=_URL, description="address of the wall for notices, as staff reach it"
    )
    webhook_url: str = Field("", pattern=_URL, description="where notices are posted; empty: no")
    webhook_secret: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        description="secret that signs them, 32 characters at least",
        json_schema_extra=ENVIRONMENT_ONLY,
    )
    mail_to: Words = Field(default_factory=list, description="addresses that get notices by e-mail")
    mail_from: str = Field("", validate_default=True, description="address that they come from")
    mail_host: str = Field("", validate_default=True, description="host of the mail server")
    mail_port: int = Field(587, ge=1, le=65535, description="port of the mail server")
    mail_tls: bool = Field(True, description="STARTTLS, or TLS from the beginning on port 465")
    mail_user: str = Field("", description="name at the mail server; empty: without a name")
    mail_password: SecretStr = Field(
        SecretStr(""),
        description="password at the mail server",
        json_schema_extra=ENVIRONMENT_ONLY,
    )

    @field_validator("webhook_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("webhook_url") and len(value.get_secret_value()) < 32:
            raise ValueError("needs 32 characters or more in VOICEBOT_ALERTS__WEBHOOK_SECRET")
        return value

    @field_validator("mail_to")
    @classmethod
    def _are_addresses(cls, value: list[str]) -> list[str]:
        for address in value:
            if not _is_address(address):
                raise ValueError("should be like team@shop.example")
        return value

    @field_validator("mail_from", "mail_host")
    @classmethod
    def _is_there(cls, value: str, info: ValidationInfo) -> str:
        known: dict[str, Any] = info.data
        if known.get("mail_to") and not value:
            raise ValueError(f"alerts.mail_to needs alerts.{info.field_name}")
        if value and info.field_name == "mail_from" and not _is_address(value):
            raise ValueError("should be like voicebot@shop.example")
        return value


def _is_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(name and at and host) and text.isprintable() and " " not in text
