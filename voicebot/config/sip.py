"""Settings of the SIP door."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, field_validator

from voicebot.config.section import Port, Section

AudioCodec: TypeAlias = Literal["opus", "G722", "PCMU", "PCMA"]


class SipSettings(Section):
    """The SIP door."""

    enabled: bool = Field(True, description="whether SIP is served at all")
    host: str = Field("127.0.0.1", description="address that SIP and RTP are bound to")
    port: Port = Field(5060, description="port of SIP over UDP and TCP")
    advertised_host: str = Field("", description="address told to others, where NAT hides ours")
    rtp_ports: tuple[Port, Port] = Field(
        (20000, 20999), description="first and last RTP port; 20000-20999 is understood too"
    )
    media_timeout_s: float = Field(
        20.0, gt=0, le=3600, description="a call without any RTP for this long is ended"
    )
    transfer_timeout_s: float = Field(
        25.0, gt=0, le=300, description="how long a transfer's target may ring"
    )

    codecs: tuple[AudioCodec, ...] = Field(
        ("opus", "G722", "PCMU", "PCMA"),
        min_length=1,
        description="codecs that calls may use, in the order in which we offer them",
    )
    tone_keys: Literal["auto", "always", "never"] = Field(
        "auto", description="when keys are looked for in the sound; auto: where no others can come"
    )

    @field_validator("rtp_ports", mode="before")
    @classmethod
    def _split_range(cls, value: object) -> object:
        parts = value.split("-") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or len(parts) != 2:
            raise ValueError("should be two ports")
        return parts

    @field_validator("rtp_ports")
    @classmethod
    def _keep_order(cls, value: tuple[int, int]) -> tuple[int, int]:
        if value[0] >= value[1]:
            raise ValueError("the first port should be below the last")
        return value
