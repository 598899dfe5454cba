"""Settings of the people who answer queues, and of what their screens are told."""

from __future__ import annotations

from pydantic import Field, field_validator

from voicebot.config.section import Section


class AgentSettings(Section):
    """One agent, ``[agents.NAME]``: the user of that name works at the desk."""

    address: str = Field(
        "", description="SIP URI of the agent's telephone; empty: in the browser, at the desk"
    )
    queues: tuple[str, ...] = Field(description="the queues of queues.yaml that the agent serves")
    skills: dict[str, int] = Field(
        default_factory=dict, description="what the agent knows, and how well, 1 to 10"
    )
    voice: int = Field(1, ge=0, le=4, description="calls at once")
    text: int = Field(
        3,
        ge=0,
        le=20,
        description="text conversations at once while there is no call; who has a telephone gets "
        "them while a page of the desk is open",
    )

    @field_validator("address")
    @classmethod
    def _callable(cls, address: str) -> str:
        if address and not address.startswith(("sip:", "sips:", "tel:")):
            raise ValueError("should be a SIP URI such as sip:anna@192.0.2.7")
        return address

    @field_validator("skills")
    @classmethod
    def _levels(cls, skills: dict[str, int]) -> dict[str, int]:
        if any(not 1 <= level <= 10 for level in skills.values()):
            raise ValueError("should be levels from 1 to 10")
        return skills


class QueueSettings(Section):
    """What all queues share."""

    screen_url: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="page about a call for agents' screens, {call} for its id; empty for none",
    )
    unreachable_s: float = Field(
        60.0,
        ge=0,
        description="how long an agent whose telephone could not be reached is away; 0: until they "
        "resume",
    )
