"""Settings of calls that voicebot makes."""

from __future__ import annotations

from pydantic import Field, SecretStr

from voicebot.config.section import Section


class OutboundSettings(Section):
    """Calls out, asked for by `POST /api/dial`."""

    token: SecretStr = Field(
        SecretStr(""), description="token that `POST /api/dial` asks for; empty: nobody may dial"
    )
    max_calls: int = Field(10, ge=0, le=10_000, description="calls out at once")
    answer_timeout_s: float = Field(
        30.0, gt=0, le=300, description="how long a called party may let it ring"
    )
    screening_s: float = Field(
        4.0, ge=0, le=30, description="longest wait to tell a person from a machine, 0 for none"
    )
    beep_timeout_s: float = Field(
        30.0, ge=0, le=300, description="longest wait for a machine's beep before speaking"
    )
