"""Settings of the ledger: by what rules contacts are counted, and what they cost."""

from __future__ import annotations

from pydantic import Field

from voicebot.config.section import Section


class LedgerSettings(Section):
    """The rules of `analytics.totals`; when they change, all sums are counted anew."""

    repeat_days: int = Field(
        7, ge=1, le=31, description="days within which another contact is a repeat"
    )
    short_s: float = Field(
        5.0, ge=0, le=60, description="who leaves within so many seconds did not give up on us"
    )
    target_s: float = Field(
        20.0, gt=0, le=3600, description="the wait for a person that the service level promises"
    )


class CostSettings(Section):
    """Averages of Gartner's Customer Service and Support Leader poll of 2019: 8.01 dollars for a
    contact with a person, 0.10 for self-service."""

    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="the currency of both costs")
    person: float = Field(8.01, ge=0, description="what a contact with a person costs")
    bot: float = Field(0.10, ge=0, description="what a contact with voicebot costs")
