"""Settings of the AudioSocket door."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from pydantic import Field, SecretStr, field_validator

from voicebot.config.section import ENVIRONMENT_ONLY, Port, Section


class AudioSocketSettings(Section):
    """The AudioSocket door, for Asterisk."""

    enabled: bool = Field(True, description="whether AudioSocket is served at all")
    host: str = Field("127.0.0.1", description="address that AudioSocket is bound to")
    port: Port = Field(9092, description="TCP port of AudioSocket")
    allow: tuple[IPv4Network | IPv6Network, ...] = Field(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="addresses and networks that may connect",
    )
    token: SecretStr = Field(
        SecretStr(""),
        description="what a dialplan must show to announce calls; empty: none can",
        json_schema_extra=ENVIRONMENT_ONLY,
    )
    announced_only: bool = Field(
        False, description="whether only calls are let in that the dialplan has announced"
    )
    uuid_timeout_s: float = Field(
        5.0, gt=0, le=60, description="how long a connection may take to say its UUID"
    )
    silence_timeout_s: float = Field(
        120.0, gt=0, le=3600, description="a call that Asterisk sends nothing of is ended after it"
    )
    line_timeout_s: float = Field(
        10.0, gt=0, le=300, description="a call whose line takes nothing from us is ended after it"
    )

    @field_validator("allow", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value
