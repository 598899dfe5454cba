"""Settings of the limits for strangers."""

from __future__ import annotations

from ipaddress import ip_network

from pydantic import Field, field_validator

from voicebot.config.section import Section


class GuardSettings(Section):
    """What one address, and all together, may ask of the doors and of HTTP."""

    trusted: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"),
        description="addresses and networks that are never limited; a list with commas too",
    )
    requests_per_s: float = Field(
        100.0, gt=0, le=100_000, description="requests a second that an address may go on with"
    )
    burst: int = Field(
        400, ge=1, le=1_000_000, description="requests that an address may make at once"
    )
    all_requests_per_s: float = Field(
        500.0, gt=0, le=1_000_000, description="requests a second of all strangers together"
    )
    failures: int = Field(
        20, ge=1, le=100_000, description="failures after which an address is shut out"
    )
    failure_forgiven_s: float = Field(
        10.0, gt=0, le=86_400, description="time in which one failure is forgotten"
    )
    shut_out_s: float = Field(
        30.0, gt=0, le=86_400, description="how long an offender is shut out the first time"
    )
    longest_shut_out_s: float = Field(
        3600.0, gt=0, le=604_800, description="the longest that an offender is shut out"
    )
    unconfirmed_calls: int = Field(
        20, ge=1, le=10_000, description="SIP calls of one address that wait for its ACK"
    )
    connections: int = Field(
        1000, ge=1, le=100_000, description="TCP connections that one door holds open"
    )
    connections_per_address: int = Field(
        100, ge=1, le=100_000, description="TCP connections of one address at one door"
    )

    @field_validator("trusted", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("trusted")
    @classmethod
    def _read_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                ip_network(text, strict=False)
            except ValueError:
                raise ValueError("should be addresses or networks such as 192.0.2.0/28") from None
        return value
