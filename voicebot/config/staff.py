"""Settings of sign-in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from voicebot.config.section import ENVIRONMENT_ONLY, Origins, Section


class StaffSettings(Section):
    """Sign-in of those who work with voicebot; docs/sign-in.md tells more."""

    https: bool = Field(
        False, description="whether staff reach us by HTTPS: cookies then never go without"
    )
    origins: Origins = Field(
        default_factory=list,
        description="origins of pages elsewhere that may act for who is signed in",
    )
    metrics: Literal["loopback", "open", "closed"] = Field(
        "loopback", description="who may read /metrics without a token"
    )
    idle_s: float = Field(
        3600.0, gt=0, le=604_800, description="a session that is not used so long is over"
    )
    lasts_s: float = Field(
        43_200.0, gt=0, le=2_592_000, description="a session is over after so long at the latest"
    )
    attempts_per_minute: int = Field(
        10, ge=1, le=1000, description="sign-ins that one name may try in a minute"
    )
    token: SecretStr = Field(
        SecretStr(""),
        description="token that commands such as `voicebot call` show",
        json_schema_extra=ENVIRONMENT_ONLY,
    )
