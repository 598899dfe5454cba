"""Settings of the WebRTC door and the caller's page."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from voicebot.config.section import Origins, PortRange, Section


class WebRtcSettings(Section):
    """The WebRTC door."""

    enabled: bool = Field(True, description="whether calls from browsers are served at all")
    host: str = Field("127.0.0.1", description="address that media sockets are bound to")
    advertised_host: str = Field("", description="address told to browsers, where NAT hides ours")
    ports: PortRange = Field(
        (22000, 22999), description="first and last UDP port; 22000-22999 is understood too"
    )
    origins: Origins = Field(
        default_factory=list, description="origins of other pages that may make calls"
    )
    requests_per_minute: int = Field(
        30, ge=1, le=100_000, description="signalling requests of one address in a minute"
    )
    token_ttl_s: float = Field(
        60.0, gt=0, le=3600, description="how long a page may wait with its offer"
    )
    connect_timeout_s: float = Field(
        15.0, gt=0, le=120, description="how long a browser may take to connect"
    )
    media_timeout_s: float = Field(
        20.0, gt=1, le=3600, description="a call without any packet for this long is ended"
    )
    ice_servers: list[str] = Field(
        default_factory=list, description="URLs of STUN and TURN servers"
    )
    turn_username: str = Field("", description="user name at the TURN servers")
    turn_credential: str = Field("", description="password at the TURN servers")
    turn_secret: str = Field("", description="secret shared with the TURN servers")

    @field_validator("ice_servers", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("ice_servers")
    @classmethod
    def _are_servers(cls, value: list[str]) -> list[str]:
        for url in value:
            if not re.fullmatch(r"(stun|turns?):[^/\s?]+(\?transport=(udp|tcp))?", url):
                raise ValueError(
                    "should be like stun:stun.example:3478 or turn:turn.example?transport=udp"
                )
        return value
