"""Settings of the SIP door."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import Literal, TypeAlias

from pydantic import Field, field_validator

from voicebot.config.section import Port, PortRange, Section
from voicebot.config.sip_provider import PASSWORD_VARIABLE, SipProvider, outside_settings

AudioCodec: TypeAlias = Literal["opus", "G722", "PCMU", "PCMA"]


class SipSettings(Section):
    """The SIP door."""

    enabled: bool = Field(True, description="whether SIP is served at all")
    host: str = Field("127.0.0.1", description="address that SIP and RTP are bound to")
    port: Port = Field(5060, description="port of SIP over UDP and TCP")
    advertised_host: str = Field("", description="address told to others, where NAT hides ours")
    rtp_ports: PortRange = Field(
        (20000, 20999), description="first and last RTP port; 20000-20999 is understood too"
    )
    media_timeout_s: float = Field(
        20.0, gt=0, le=3600, description="a call without any RTP for this long is ended"
    )
    transfer_timeout_s: float = Field(
        25.0, gt=0, le=300, description="how long a transfer's target may ring"
    )

    allow: tuple[str, ...] = Field(
        (), description="IPv4 addresses and networks that may call in without a password"
    )
    users: dict[str, str] = Field(
        default_factory=dict,
        description="users that may call in, each with the environment variable of the password",
    )
    digest: tuple[Literal["SHA-256", "MD5"], ...] = Field(
        ("SHA-256", "MD5"), min_length=1, description="digest algorithms, the preferred one first"
    )
    session_expires_s: int = Field(
        1800, ge=0, le=86_400, description="session timer asked for in calls out, 0 for none"
    )
    providers: dict[str, SipProvider] = Field(
        default_factory=dict, description="providers that take calls out and send some in"
    )

    @field_validator("allow", "digest", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("allow")
    @classmethod
    def _read_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                IPv4Network(network)
            except ValueError:
                raise ValueError(
                    f"'{network}' should be an address or a network like 192.0.2.0/24"
                ) from None
        return value

    @field_validator("users")
    @classmethod
    def _name_variables(cls, value: dict[str, str]) -> dict[str, str]:
        for user, variable in value.items():
            if not re.match(PASSWORD_VARIABLE, variable):
                raise ValueError(f"'{user}' should name an environment variable with its password")
            outside_settings(variable)
        return value

    @field_validator("session_expires_s")
    @classmethod
    def _long_enough(cls, value: int) -> int:
        if 0 < value < 90:
            raise ValueError("should be 0 or at least 90")
        return value

    codecs: tuple[AudioCodec, ...] = Field(
        ("opus", "G722", "PCMU", "PCMA"),
        min_length=1,
        description="codecs that calls may use, in the order in which we offer them",
    )
    tone_keys: Literal["auto", "always", "never"] = Field(
        "auto", description="when keys are looked for in the sound; auto: where no others can come"
    )

    @field_validator("rtp_ports")
    @classmethod
    def _hold_a_pair(cls, value: tuple[int, int]) -> tuple[int, int]:
        if value[0] == value[1]:
            raise ValueError("should hold two ports at least, one for RTP and one for RTCP")
        return value
