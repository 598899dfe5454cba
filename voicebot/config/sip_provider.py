"""Settings of SIP providers: who takes our calls and sends us some."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from voicebot.config.section import Section

PASSWORD_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
"""Names of environment variables."""

_SERVER = r"^[A-Za-z0-9.-]+(:\d{1,5})?(;transport=(udp|tcp))?$"


def outside_settings(variable: str) -> str:
    """``variable`` where it may hold a password. Raises ValueError for the name of a setting."""
    if variable.upper().startswith("VOICEBOT_"):
        raise ValueError("should not begin with VOICEBOT_, as settings do")
    return variable


class SipProvider(Section):
    """One provider, ``[sip.providers.NAME]``."""

    servers: tuple[str, ...] = Field(
        description="its servers, tried in this order: 'host', 'host:port', ';transport=tcp'"
    )
    domain: str = Field(
        "", description="what stands behind the @ of our address; empty for the first server's host"
    )
    user: str = Field(pattern=r"^[^@\s<>\"?;:]+$", description="our user name there")
    password_env: str = Field(
        pattern=PASSWORD_VARIABLE, description="environment variable that holds the password"
    )
    registers: bool = Field(
        True, description="whether we register there, so that its calls find us"
    )
    expires_s: int = Field(
        600, ge=60, le=86_400, description="how long a registration is asked for"
    )
    caller: str = Field(
        "", pattern=r"^[\w+.-]{0,64}$", description="number shown where a call names none"
    )

    @field_validator("servers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("password_env")
    @classmethod
    def _is_no_setting(cls, value: str) -> str:
        return outside_settings(value)

    @field_validator("servers")
    @classmethod
    def _name_servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("should name one server at least")
        for server in value:
            if not re.match(_SERVER, server):
                raise ValueError(f"'{server}' should look like sip.example.com:5060")
        return value
