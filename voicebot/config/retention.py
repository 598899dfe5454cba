"""Settings of how long records are kept. Recordings have `recording.keep_days`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from voicebot.config.section import Section

_FOR_EVER = 0
LONGEST_REPEAT_DAYS = 31
"""`ledger.repeat_days` at most: until then a call may still become, or have, a repeat."""
YEAR_DAYS = 365


def _for_ever_or_from(least: int) -> AfterValidator:
    def check(days: int) -> int:
        if days != _FOR_EVER and days < least:
            raise ValueError(f"should be 0 (for ever) or at least {least}")
        return days

    return AfterValidator(check)


_Days = Annotated[int, Field(ge=0, le=36_500)]


class RetentionSettings(Section):
    """Days that each kind of record is kept; 0 for ever."""

    transcripts: _Days = Field(0, description="days that what was said in calls is kept")
    misheard: _Days = Field(0, description="days that words which were not understood are kept")
    numbers: _Days = Field(0, description="days that callers' numbers are kept")
    gaps: _Days = Field(0, description="days that questions without an answer are kept")
    chats: _Days = Field(0, description="days that conversations in text are kept after their end")
    texts: _Days = Field(0, description="days that messages in text are kept")
    calls: Annotated[_Days, _for_ever_or_from(LONGEST_REPEAT_DAYS + 1)] = Field(
        0, description="days that records of calls are kept; the sums of the ledger stay"
    )
    agents: _Days = Field(0, description="days that the hours of agents are kept")
    audit: Annotated[_Days, _for_ever_or_from(YEAR_DAYS)] = Field(
        0, description="days that the audit log is kept"
    )
